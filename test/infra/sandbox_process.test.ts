import { expect, test, vi } from 'vitest'
import { runSandboxProcess } from '../../infra/sandbox/main.js'

const market = { seed: 1, tokens: 2, wallets: 10, swaps: 300, startsAt: Date.UTC(2026, 7, 13) }

test('prints where it answers, and serves there', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const sandbox = await runSandboxProcess(JSON.stringify({ market, limits: { accountPerSecond: 3 }, clockMs: 1 }))
  const line = String(written.mock.calls[0]?.[0])
  written.mockRestore()
  try {
    expect(JSON.parse(line)).toEqual({
      url: sandbox.url,
      port: sandbox.port,
      nowMs: market.startsAt + 100 * 86_400_000,
    })
    expect(line.endsWith('\n')).toBe(true)
    expect((await fetch(`${sandbox.url}/utils/v1/credits`)).status).toBe(200)
  } finally {
    await sandbox.close()
  }
})

test.each(['{', '{}', JSON.stringify({ market: { ...market, wallets: -1 } }), JSON.stringify({ market, surprise: 1 })])(
  'refuses %s',
  async (argument) => {
    await expect(runSandboxProcess(argument)).rejects.toThrow()
  },
)
