import { expect, test, vi } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { armFailpoint, failpointNames, failpointText, parseFailpoint } from '../../infra/failpoint.js'

test.each(failpointNames)('%s is armed by its text', (name) => {
  for (const armed of [
    { name, nth: 3, action: 'kill', delayMs: 12 } as const,
    { name, nth: 1, action: 'error' } as const,
  ]) {
    expect(parseFailpoint(failpointText(armed))).toEqual(armed)
  }
})

test.each([
  'commit.staged',
  'commit.staged:0:kill',
  'commit.staged:1:burn',
  'nowhere:1:kill',
  'commit.staged:1:error+5ms',
])('"%s" is refused, and the refusal shows one that is not', (text) => {
  expect(() => loadConfig({ TRIBUTARY_FAILPOINT: text }, '/nowhere')).toThrow(/like commit.before_commit:1:kill/)
})

test('acts at its own nth passing only', async () => {
  const failpoint = armFailpoint({ name: 'commit.staged', nth: 2, action: 'error' })
  await failpoint('commit.written')
  await failpoint('commit.staged')
  await failpoint('commit.written')
  await expect(failpoint('commit.staged')).rejects.toThrow('commit.staged')
  await failpoint('commit.staged')
})

test('signals the process itself, later where it is told to', async () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  try {
    await armFailpoint({ name: 'commit.staged', nth: 1, action: 'stop' })('commit.staged')
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGSTOP']])
    await armFailpoint({ name: 'commit.staged', nth: 1, action: 'kill', delayMs: 1 })('commit.staged')
    await vi.waitFor(() => expect(kill.mock.calls[1]).toEqual([process.pid, 'SIGKILL']))
  } finally {
    kill.mockRestore()
  }
})

test('does nothing where the environment arms nothing', async () => {
  const { failpoint } = loadConfig({}, '/nowhere')
  for (const name of failpointNames) await failpoint(name)
})
