import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findChromium } from './chromium.js'

export type { Browser, Page }

/** What keeps a browser in a container quiet and to itself. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts a real Chromium without a window; nothing, with the reason on stderr, where none can be had. A test file is skipped then:
 * `describe.skipIf(browser === undefined)`. The caller closes it.
 */
export const startBrowser = async (): Promise<Browser | undefined> => {
  const found = await findChromium((line) => process.stderr.write(`${line}\n`))
  if (found === undefined) return undefined
  const inherited = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return chromium.launch({
    executablePath: found.program,
    args: quiet,
    env: { ...Object.fromEntries(inherited), ...found.environment },
  })
}

/** A page of its own, with cookies of its own, that fails the test at whatever its scripts throw. */
export const openPage = async (
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[]; close(): Promise<void> }> => {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  return { page, problems, close: () => context.close() }
}
