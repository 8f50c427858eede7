import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../infra/config.js'
import { homeHolder } from '../../infra/stack/home_lock.js'
import { resources } from '../../worker/api/v1/index.js'
import { type Browser, openPage, startBrowser } from '../browser/browser.js'
import { homeProcesses } from '../end_to_end/home_processes.js'
import { type Outside, startOutside } from '../end_to_end/outside.js'
import { type ScratchHome, scratchHome } from '../end_to_end/scratch_home.js'
import { type Running, start, tributary } from '../end_to_end/tributary.js'
import { accessibilityProblems } from './accessibility.js'

/** Of the documents: made again with `UPDATE_PICTURES=1`. */
const pictures = path.join(loadConfig({}).projectRoot, 'docs', 'pictures')
const browser = process.platform === 'linux' ? await startBrowser() : undefined
const desk = { viewport: { width: 1280, height: 860 } }
const phone = { viewport: { width: 390, height: 844 } }
/** Low enough that the small market has wallets of every tier. */
const first = {
  gold: { minTrades: 5, minRealizedPnlUsd: 0, strongMinRoi: 0.02, eliteMinRoi: 0.05, eliteMinWinRate: 0.5 },
}
const second = { gold: { ...first.gold, minTrades: 20 } }

/** A stack and two runs, on a machine that does other things. */
const setUpTimeoutMs = 900_000

/** As much of an answer as these tests look into. */
const row = z.record(z.string(), z.unknown())
const answer = z.looseObject({
  asOf: z.object({ snapshotId: z.int() }).optional(),
  items: z.array(row).default([]),
  paths: row.default({}),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})

describe.skipIf(browser === undefined)('the dashboard', () => {
  let scratch: ScratchHome
  let outside: Outside
  let up: Running
  let url: string
  /** What `top` printed after the first run. */
  let top: Record<string, unknown>[]
  let firstSnapshot: string
  const command = async (...args: string[]) => {
    const ended = await tributary(scratch.home, args, outside.environment)
    expect(ended.code, ended.stderr).toBe(0)
    return ended.stdout
  }
  const api = async (route: string) => {
    const reply = await fetch(`${url}/api/v1${route}`)
    return { status: reply.status, body: answer.parse(await reply.json()) }
  }
  beforeAll(async () => {
    scratch = await scratchHome()
    outside = await startOutside()
    up = start(scratch.home, ['up'], outside.environment)
    await up.until(/running until Ctrl-C/)
    await command('run', 'traders', '--wait', '--input', JSON.stringify(first))
    top = JSON.parse(await command('top', '--limit', '500', '--json'))
    url = (await homeHolder(scratch.home))?.details['dashboard'] ?? ''
    firstSnapshot = String((await api('/snapshots?limit=1')).body.asOf?.snapshotId)
    await command('run', 'traders', '--wait', '--input', JSON.stringify(second))
  }, setUpTimeoutMs)
  afterAll(async () => {
    await browser?.close()
    up.kill('SIGTERM')
    await up.ended
    await scratch.remove()
    await outside.sandbox.close()
  })
  const pages = async (): Promise<[string, string][]> => {
    const [best] = (await api('/leaderboard?limit=1')).body.items
    const [held] = (await api(`/wallets/${best?.['wallet_address']}/tokens?limit=1`)).body.items
    const [run] = (await api('/runs?limit=1')).body.items
    return [
      ['leaderboard', '/'],
      ['wallet', `/wallets/${best?.['wallet_address']}`],
      ['tokens', '/tokens'],
      ['token', `/tokens/${held?.['token_address']}`],
      ['live', '/live'],
      ['billing', '/billing'],
      ['runs', '/runs'],
      ['run', `/runs/traders/${encodeURIComponent(String(run?.['logical_run']))}`],
      ['data', '/data'],
      ['table', '/data/tables/traders_silver.wallet_pnl'],
      ['diff', `/data/tables/traders_gold.smart_wallets?from=${firstSnapshot}`],
      ['operations', '/operations'],
    ]
  }
  const open = (on: Browser | undefined, options: Parameters<typeof openPage>[1]) => {
    if (on === undefined) throw new Error('no browser')
    return openPage(on, options)
  }

  test('shows every page in light, in dark and on a phone, where nothing is wrong for a screen reader or in the console', async () => {
    if (process.env['UPDATE_PICTURES']) await mkdir(pictures, { recursive: true })
    const looks = [
      ['light', { ...desk, colorScheme: 'light' }],
      ['dark', { ...desk, colorScheme: 'dark' }],
      ['phone', { ...phone, colorScheme: 'light', hasTouch: true }],
    ] as const
    for (const [look, options] of looks) {
      const { page, problems, close } = await open(browser, options)
      for (const [name, route] of await pages()) {
        const reply = await page.goto(`${url}${route}`)
        expect(reply?.status(), `${name} ${look}`).toBe(200)
        expect(await accessibilityProblems(page), `${name} ${look}`).toEqual([])
        expect(
          await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'),
          `${name} ${look}`,
        ).toBeLessThanOrEqual(0)
        if (process.env['UPDATE_PICTURES']) await page.screenshot({ path: path.join(pictures, `${name}_${look}.png`) })
      }
      expect(problems, look).toEqual([])
      await close()
    }
  })

  test('is used with the keyboard alone, and without script', async () => {
    const { page, close } = await open(browser, { ...desk, javaScriptEnabled: false })
    await page.goto(`${url}/`)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(page.url()).toBe(`${url}/#main`)
    await page.getByLabel('Address contains').fill(String(top[0]?.['wallet_address']).slice(2, 12))
    await page.keyboard.press('Enter')
    await page.waitForURL(/search=/)
    expect(await page.locator('tbody tr').count()).toBe(1)
    await page.locator('tbody a').focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/wallets/)
    expect(await page.locator('h1').textContent()).toBe(top[0]?.['wallet_address'])
    await close()
  })

  test('moves every page through time, and back to now', async () => {
    const { page, close } = await open(browser, desk)
    await page.goto(`${url}/data`)
    await page
      .getByRole('table', { name: /The newest/ })
      .getByRole('link', { name: firstSnapshot, exact: true })
      .click()
    await page.waitForURL(/asOf=/)
    expect(await page.locator('.past').textContent()).toContain(`at snapshot ${firstSnapshot} `)
    await page.getByRole('link', { name: 'Leaderboard' }).click()
    await page.getByRole('heading', { name: 'Leaderboard' }).waitFor()
    const links = '[...document.querySelectorAll("tbody th a")].map((each) => each.getAttribute("href"))'
    expect(await page.evaluate(links)).toEqual(
      top.slice(0, 50).map((each) => `/wallets/${each['wallet_address']}?asOf=${firstSnapshot}`),
    )
    await page.getByRole('link', { name: 'Back to now' }).click()
    await page.locator('.past').waitFor({ state: 'detached' })
    expect(page.url()).toBe(`${url}/`)
    await close()
  })

  test('keeps the theme that was chosen', async () => {
    const { page, close } = await open(browser, { ...desk, colorScheme: 'light' })
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.goto(`${url}/tokens?search=a`)
    const light = await paper()
    await page.getByRole('link', { name: 'Dark' }).click()
    expect(page.url()).toBe(`${url}/tokens?search=a`)
    const dark = await paper()
    expect(dark).not.toBe(light)
    await page.goto(`${url}/runs`)
    expect(await paper()).toBe(dark)
    await close()
    const elsewhere = await fetch(`${url}/theme?to=dark&back=//example.com/`, { redirect: 'manual' })
    expect(elsewhere.headers.get('location')).toBe('/')
  })

  test('follows the live feed until it is paused', async () => {
    const { page, close } = await open(browser, desk)
    await page.goto(`${url}/live`)
    const state = page.locator('[data-live-state]')
    await state.getByText('live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    expect(await state.textContent()).toBe('paused')
    await close()
  })

  test('says what is not there, as a page and as JSON', async () => {
    const { page, close } = await open(browser, desk)
    expect((await page.goto(`${url}/wallets/nobody`))?.status()).toBe(404)
    expect(await page.locator('main').textContent()).toContain('no trade of the wallet "nobody"')
    expect((await page.goto(`${url}/?asOf=999999`))?.status()).toBe(400)
    await close()
    expect(await api('/wallets/nobody')).toMatchObject({ status: 404, body: { error: { code: 'NotFound' } } })
    for (const route of [
      '/leaderboard?limit=0',
      '/leaderboard?limit=501',
      '/leaderboard?tier=best',
      '/leaderboard?what=1',
      '/tables/traders_gold.smart_wallets/diff',
      '/leaderboard?asOf=999999',
    ]) {
      const { status, body } = await api(route)
      expect([status, body.error?.code], route).toEqual([400, 'InvalidInput'])
    }
    expect((await api('/leaderboard?tier=best')).body.error?.message).toMatch(/^tier is "best": /)
  })

  test('answers every route of the API as its schema says, now and as of an earlier snapshot', async () => {
    const [best] = (await api('/leaderboard?limit=1')).body.items
    const [run] = (await api('/runs')).body.items.slice(-1)
    const values = {
      address: String(best?.['wallet_address']),
      table: 'traders_gold.smart_wallets',
      pipeline: 'traders',
      run: encodeURIComponent(String(run?.['logical_run'])),
    }
    const [token] = (await api(`/wallets/${best?.['wallet_address']}/tokens?limit=1`)).body.items
    for (const { path: template, answer: schema } of resources) {
      const named = {
        ...values,
        ...(template.startsWith('/tokens/') ? { address: String(token?.['token_address']) } : {}),
      }
      const route = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => named[name as keyof typeof named] ?? '')
      const needed = template.endsWith('/diff') ? `&from=${firstSnapshot}` : ''
      for (const asOf of ['', `&asOf=${firstSnapshot}`]) {
        const reply = await fetch(`${url}/api/v1${route}?${`${needed}${asOf}`.slice(1)}`)
        const body = await reply.text()
        expect(reply.status, `${route} ${body.slice(0, 300)}`).toBe(200)
        expect(schema.strict().safeParse(JSON.parse(body)).error?.issues.slice(0, 3), route).toBeUndefined()
      }
    }
    const { body } = await api('/openapi.json')
    expect(Object.keys(body.paths)).toEqual([...resources.map(({ path: template }) => template), '/query'])
  })

  test('tells the same ranking as the command line, then and now', async () => {
    const then = (await api(`/leaderboard?limit=500&asOf=${firstSnapshot}`)).body.items
    expect(then.map((each) => each['wallet_address'])).toEqual(top.map((each) => each['wallet_address']))
    expect(then.every((each) => each['rank_before'] === null)).toBe(true)
    const now = (await api('/leaderboard?limit=500')).body.items
    const nowTop: Record<string, unknown>[] = JSON.parse(await command('top', '--limit', '500', '--json'))
    expect(now.map((each) => each['realized_pnl_usd'])).toEqual(nowTop.map((each) => each['realized_pnl_usd']))
    const ranks = new Map(top.map((each) => [each['wallet_address'], each['rank']]))
    for (const each of now) expect(each['rank_before']).toBe(ranks.get(each['wallet_address']) ?? null)
  })

  test('is started again when it is killed', async () => {
    const child = () => homeProcesses(scratch.home).find(({ command: line }) => /cli\.js api$/.test(line.trim()))
    const before = child()
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await up.until(/the api ended \(SIGKILL\) and is started again/)
    let reply: Response | undefined
    while (reply === undefined) {
      reply = await fetch(url).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(reply.status).toBe(200)
    expect(child()?.pid).not.toBe(before?.pid)
  })
})
