import { expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { createLog, secretsIn } from '../../infra/log.js'

const config = loadConfig({
  BIRDEYE_API_KEY: 'canary-birdeye',
  WEBHOOK_AUTH: 'canary "quoted"',
  LAKE_CATALOG: 'postgres:host=h user=u dbname=d password=canary-password',
  API_TOKEN: 'canary-of-the-api-token',
})

const written = (json: boolean) => {
  const lines: string[] = []
  const log = createLog({
    stream: { write: (text) => lines.push(text) },
    json,
    process: 'worker',
    secrets: secretsIn(config),
    now: () => new Date('2026-11-21T06:00:00Z'),
  })
  return { log, lines }
}

test('a line is one JSON object with what it is about', () => {
  const { log, lines } = written(true)
  log('deriveSilver done\nin two lines', { snapshotId: 17, attempt: 1, workflowId: undefined }, 'warn')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.endsWith('\n')).toBe(true)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2026-11-21T06:00:00.000Z',
    level: 'warn',
    process: 'worker',
    message: 'deriveSilver done\nin two lines',
    snapshotId: 17,
    attempt: 1,
  })
})

test('a person reads the text alone', () => {
  const { log, lines } = written(false)
  log('worker ready', { snapshotId: 17 })
  expect(lines).toEqual(['worker ready\n'])
})

test.each([true, false])(
  'no secret of the configuration stands in a line, as it is or as JSON and URLs spell it',
  (json) => {
    const { log, lines } = written(json)
    const secrets = secretsIn(config)
    expect(secrets.sort()).toEqual(['canary "quoted"', 'canary-birdeye', 'canary-of-the-api-token', 'canary-password'])
    for (const secret of secrets) log(`${secret} and ${encodeURIComponent(secret)}`, { error: `401 for ${secret}` })
    expect(lines).toHaveLength(4)
    expect(lines.join('')).not.toMatch(/canary/)
    expect(lines.join('').match(/\[secret\]/g)).toHaveLength(json ? 12 : 8)
  },
)
