/** What is sent back: a status and a JSON body, which may come in pieces. */
export type Reply = { status: number; body: string | Buffer; headers?: { [name: string]: string } }

/** BirdEye's envelope of an answer; `data` is JSON text. */
export function success(data: string): Reply {
  return { status: 200, body: `{"success":true,"data":${data}}` }
}

/** BirdEye's envelope of an error. */
export function refusal(status: number, message: string): Reply {
  return { status, body: JSON.stringify({ success: false, message }) }
}

/** Helius answers errors as JSON-RPC does, on REST paths too. */
export function rpcError(status: number, code: number, message: string): Reply {
  return { status, body: JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: '1' }) }
}

/** A request was wrong; carries the refusal. */
export class Refused extends Error {
  constructor(readonly reply: Reply) {
    super('refused')
  }
}
