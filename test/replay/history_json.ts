import { createRequire } from 'node:module'
import type { WorkflowHandle } from '@temporalio/client'

/** One run as the server kept it. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>

/** The same as `temporal workflow show --output json` writes it. */
export interface HistoryJson {
  readonly events: readonly Readonly<Record<string, unknown>>[]
}

interface ProtoJson {
  toJson(type: unknown, message: unknown): HistoryJson
  fromJson(type: unknown, json: HistoryJson, options: { ignoreUnknownFields: boolean }): History
}

// The SDK's own conversion fails where each of its packages has a protobufjs of its own: it asks for a class of its own copy.
const fromCommon = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'))
const fromProto = createRequire(fromCommon.resolve('@temporalio/proto'))
const protoJson: ProtoJson = fromProto('protobufjs/ext/protojson')
const { patchProtobufRoot } = fromCommon('@temporalio/proto/lib/patch-protobuf-root')
const historyType: unknown = patchProtobufRoot(fromCommon('@temporalio/proto')).lookupType(
  'temporal.api.history.v1.History',
)

export const toHistoryJson = (history: History): HistoryJson => protoJson.toJson(historyType, history)

/** A newer server may have told more than this SDK knows; that is left out. */
export const fromHistoryJson = (json: HistoryJson): History =>
  protoJson.fromJson(historyType, json, { ignoreUnknownFields: true })
