import { tmpdir } from 'node:os'
import { loadConfig } from '../../infra/config.js'
import { SourceUnavailable } from '../../infra/errors.js'
import { noFailpoint } from '../../infra/failpoint.js'
import { CommittedKeys } from '../../infra/lake/committed_keys.js'
import type { Lake } from '../../infra/lake/lake.js'
import { createMetrics } from '../../infra/metrics.js'
import { Secret } from '../../infra/secret.js'
import type { ApiDependencies } from '../../worker/api/dependencies.js'

const noLake: Lake = {
  session: () => Promise.reject(new SourceUnavailable('the catalog is away')),
  exclusively: () => Promise.reject(new SourceUnavailable('the catalog is away')),
  committedKeys: new CommittedKeys(),
  temporaryDirectory: tmpdir(),
  failpoint: noFailpoint,
  close: () => Promise.resolve(),
}

export const testToken = 'the-token-of-this-test'

/** What `createApi` takes, without lake and Temporal unless they are given. */
export const apiDependencies = (own: Partial<ApiDependencies> = {}): ApiDependencies => ({
  config: loadConfig({}),
  lake: noLake,
  temporal: undefined,
  token: new Secret(testToken),
  metrics: createMetrics(),
  codeVersion: 'test',
  log: () => undefined,
  ...own,
})
