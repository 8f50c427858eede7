import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { OutgoingWebhook } from '../../infra/http/outgoing_webhook.js'
import { isPublicAddress } from '../../infra/http/public_address.js'
import { Secret } from '../../infra/secret.js'
import { type ScriptedServer, startScriptedServer } from '../infra/scripted_server.js'

const now = new Date('2026-11-21T12:00:00Z')
const message = { id: 'msg_1', body: '{"type":"trader_alert.trade"}' }
let server: ScriptedServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const outgoing = (more: Partial<ConstructorParameters<typeof OutgoingWebhook>[0]> = {}) =>
  new OutgoingWebhook({ secret: new Secret('sixteen-or-more-characters'), allowLoopback: true, ...more })

describe('the public internet', () => {
  test.each(['1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001::200e'])('has %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...['192.0.0.192', '192.168.1.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:8.8.8.8',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::808:808',
    ],
    ...[
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
      '2001::1',
      '100::1',
    ],
    ...['localhost', '', '127.1', '0x7f000001'],
  ])('has not %s', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })
})

test('what is sent can be verified as Standard Webhooks says, with an encoded secret too', async () => {
  const asked = await startScriptedServer((_, response) => response.end())
  server = asked
  const key = Buffer.from('a key of 24 bytes or more')
  await outgoing({ secret: new Secret(`whsec_${key.toString('base64')}`) }).send(`${asked.url}/hook?x=1`, message, now)
  const [given] = asked.asked
  const signed = `msg_1.${now.getTime() / 1_000}.${given?.body}`
  expect(given).toMatchObject({ method: 'POST', path: '/hook', body: message.body })
  expect(given?.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1795262400',
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  })
})

describe('is not asked:', () => {
  const names: Record<string, readonly string[]> = {
    'metadata.example': ['169.254.169.254'],
    'two.example': ['93.184.216.34', '10.0.0.1'],
    'mapped.example': ['::ffff:169.254.169.254'],
    'local.example': ['127.0.0.1'],
  }
  const resolve = async (name: string) => names[name] ?? []
  test.each([
    ['an address of a cloud', 'https://169.254.169.254/latest/meta-data'],
    ['a private address', 'https://192.168.0.1/'],
    ['this machine', 'https://127.0.0.1/'],
    ['this machine by number', 'https://2130706433/'],
    ['this machine by octal', 'https://0177.0.0.1/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['this machine in IPv6’s clothes', 'https://[::ffff:127.0.0.1]/'],
    ['a name of a cloud’s address', 'https://metadata.example/'],
    ['a name with one private address among others', 'https://two.example/'],
    ['a name with a mapped address', 'https://mapped.example/'],
    ['a name of this machine', 'https://local.example/'],
    ['another protocol', 'http://93.184.216.34/'],
    ['a file', 'file:///etc/passwd'],
  ])('%s', async (_, url) => {
    const sent = outgoing({ allowLoopback: false, resolve }).send(url, message, now)
    await expect(sent).rejects.toMatchObject({ name: 'WebhookRefused' })
  })

  test('a private address, where this machine is allowed', async () => {
    for (const url of ['http://10.0.0.1/', 'http://metadata.example/', 'http://93.184.216.34/']) {
      await expect(outgoing({ resolve }).send(url, message, now)).rejects.toMatchObject({ name: 'WebhookRefused' })
    }
  })
})

test('a name is asked for once, and the connection goes to what it was', async () => {
  const asked = await startScriptedServer((_, response) => response.end())
  server = asked
  let times = 0
  const rebinding = async () => {
    times += 1
    return times === 1 ? ['127.0.0.1'] : ['169.254.169.254']
  }
  const { port } = new URL(asked.url)
  await outgoing({ resolve: rebinding }).send(`http://rebinding.example:${port}/`, message, now)
  expect(times).toBe(1)
  expect(asked.asked.map(({ headers }) => headers.host)).toEqual([`rebinding.example:${port}`])
})

test.each([
  [301, 'SourceUnavailable'],
  [307, 'SourceUnavailable'],
  [400, 'SourceUnavailable'],
  [410, 'WebhookRefused'],
  [500, 'SourceUnavailable'],
])('an answer %i is no success, and nobody else is asked', async (status, name) => {
  const other = await startScriptedServer((_, response) => response.end())
  const asked = await startScriptedServer((_, response) => {
    response.writeHead(status, { location: `${other.url}/elsewhere` }).end('x'.repeat(100_000))
  })
  server = asked
  const failed: unknown = await outgoing()
    .send(asked.url, message, now)
    .catch((error: unknown) => error)
  expect(failed).toMatchObject({ name })
  expect(String(failed).length).toBeLessThan(700)
  expect(other.asked).toEqual([])
  await other.close()
})

test('a receiver that never answers is given up, and nothing of its path or query is told', async () => {
  const asked = await startScriptedServer(() => undefined)
  server = asked
  const failed = await outgoing({ timeoutMs: 100 })
    .send(`${asked.url}/secret-path?token=canary`, message, now)
    .catch((error: unknown) => String(error))
  expect(failed).toContain('did not answer within 100 ms')
  expect(failed).not.toMatch(/secret-path|canary/)
})
