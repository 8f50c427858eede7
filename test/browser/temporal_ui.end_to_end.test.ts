import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { provision } from '../../infra/provision/provision.js'
import { type ScratchHome, scratchHome } from '../end_to_end/scratch_home.js'
import { type Running, start, tributary } from '../end_to_end/tributary.js'
import { openPage, type Page, startBrowser } from './browser.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = await readFile(path.join(root, 'docs/operating.md'), 'utf8')
/** Every `temporal ...` of the page, in its order. */
const recipes = page
  .replaceAll(/ \\\n\s*/g, ' ')
  .split('\n')
  .flatMap((line) => (line.startsWith('    temporal ') ? [line.trim()] : []))
/** Where the page's pictures are made anew; else they are made and thrown away. */
const keepsPictures = process.env['UPDATE_PICTURES'] === '1'
const patience = { timeout: 120_000, interval: 500 }

const browser = await startBrowser()
const workflowId = 'traders/smart-traders/from-the-ui'

describe.skipIf(process.platform !== 'linux')('what docs/operating.md does with Temporal’s own tools', () => {
  let scratch: ScratchHome
  let up: Running
  let address: string
  let ui: string
  let pictures: string
  let temporal: string
  beforeAll(async () => {
    pictures = keepsPictures ? path.join(root, 'docs/pictures') : await mkdtemp(path.join(tmpdir(), 'pictures-'))
    const { cacheDir, tools } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
    temporal = (await provision('temporal-cli', { cacheDir, overrides: tools, log: () => undefined })).path
    scratch = await scratchHome()
    up = start(scratch.home, ['up'])
    await up.until(/running until Ctrl-C/)
    const { stack } = JSON.parse((await tributary(scratch.home, ['status', '--json'])).stdout)
    address = stack.temporal
    ui = stack.ui
  })
  afterAll(async () => {
    up?.kill('SIGINT')
    await up?.ended
    await scratch?.remove()
    await browser?.close()
    if (!keepsPictures) await rm(pictures, { recursive: true, force: true })
  })

  const shell = async (command: string): Promise<string> => {
    const env = { ...process.env, TEMPORAL_ADDRESS: address, PATH: `${path.dirname(temporal)}:${process.env['PATH']}` }
    const { stdout } = await promisify(execFile)('bash', ['-c', `temporal() { '${temporal}' "$@"; }\n${command}`], {
      env,
    })
    return stdout
  }
  const picture = (shown: Page, name: string) => shown.screenshot({ path: path.join(pictures, `${name}.png`) })
  const withPage = async (work: (shown: Page) => Promise<void>): Promise<void> => {
    if (browser === undefined) return
    const { page: shown, close } = await openPage(browser, {
      viewport: { width: 1_100, height: 720 },
      timezoneId: 'UTC',
    })
    shown.setDefaultTimeout(60_000)
    try {
      await work(shown)
    } catch (error) {
      await shown.screenshot({ path: path.join(tmpdir(), 'temporal_ui_failed.png') }).catch(() => undefined)
      throw error
    } finally {
      await close()
    }
  }
  const startFromForm = async (shown: Page, id: string, input: string, name?: string): Promise<void> => {
    await shown.goto(`${ui}/namespaces/default/workflows/start-workflow?taskQueue=traders&workflowType=smartTraders`)
    await shown.getByTestId('start-workflow-button').waitFor()
    await shown.fill('#workflowId', id)
    const shownInput = async () => ((await shown.locator('.cm-content').first().textContent()) ?? '').replace(/\s/g, '')
    await expect
      .poll(async () => {
        await shown.getByLabel('Data').click()
        // The form fills in the last run's input, as soon as it has found it.
        await shown.keyboard.press('ControlOrMeta+A')
        await shown.keyboard.type(input)
        // It lays the input out anew once it loses the focus, and the button moves.
        await shown.locator('#workflowId').click()
        return shownInput()
      }, patience)
      .toBe(input.replace(/\s/g, ''))
    if (name !== undefined) await picture(shown, name)
    const answer = shown.waitForResponse((response) => response.request().method() === 'POST')
    await shown.getByTestId('start-workflow-button').click()
    expect((await answer).status()).toBe(200)
  }
  /** The Markdown that a run shows of itself, which the UI renders in a frame of its own. */
  const details = (shown: Page) => shown.frameLocator('iframe').locator('body')
  const runPage = (id: string) => `${ui}/namespaces/default/workflows/${encodeURIComponent(id)}`

  test.skipIf(browser === undefined)('starts a run from the form with {}, shows it live and takes an update', () =>
    withPage(async (shown) => {
      await startFromForm(shown, workflowId, '{}', 'temporal_ui_start')
      await shown.goto(runPage(workflowId))
      await shown.getByTestId('user-metadata-tab').click()
      await details(shown).getByText('tokens').first().waitFor()
      await shown.getByRole('button', { name: 'More Actions' }).click()
      await shown.getByRole('menuitem', { name: 'Send an Update' }).click()
      // The UI keeps a second, hidden copy of the dialog for narrow screens.
      const dialog = shown.getByRole('dialog').filter({ visible: true })
      await dialog.getByTestId('update-select-button').first().click()
      await shown
        .locator('[role=option], [role=listbox] li')
        .filter({ hasText: /^\s*pause/, visible: true })
        .first()
        .click()
      await dialog.getByLabel('Data').first().click()
      await shown.keyboard.type('{"reason": "a look at it"}')
      await picture(shown, 'temporal_ui_update')
      await dialog.getByTestId('update-id').first().click()
      const answer = shown.waitForResponse((response) => response.url().includes('/update/'))
      await dialog.getByTestId('confirm-modal-button').first().click()
      expect((await answer).status()).toBe(200)
      await shown.goto(runPage(workflowId))
      await shown.getByTestId('user-metadata-tab').click()
      await details(shown).getByText('a look at it').waitFor()
      await shown.getByText('Current Details').scrollIntoViewIfNeeded()
      await shown.mouse.wheel(0, 2_000)
      await picture(shown, 'temporal_ui_details')
    }),
  )

  test.skipIf(browser === undefined)('fails a bad input at once, naming the field', () =>
    withPage(async (shown) => {
      await startFromForm(shown, 'traders/smart-traders/bad', '{"tokens": {"limit": -1}}')
      await shown.goto(runPage('traders/smart-traders/bad'))
      await shown.getByText('tokens.limit is -1').first().waitFor()
      await shown.getByText('tokens.limit is -1').first().scrollIntoViewIfNeeded()
      await picture(shown, 'temporal_ui_bad_input')
    }),
  )

  test('runs every recipe with the real CLI', async () => {
    expect(recipes.length).toBeGreaterThanOrEqual(6)
    if (browser === undefined)
      await shell(
        `temporal workflow start --task-queue traders --type smartTraders --workflow-id ${workflowId} --input '{}'`,
      )
    else await shell(`temporal workflow update execute --workflow-id ${workflowId} --name resume`)
    for (const recipe of recipes) {
      const running = shell(recipe.replace('WORKFLOW_ID', workflowId))
      // A backfill of a range without windows is over before it can be cancelled.
      if (recipe.includes('workflow cancel'))
        await running.catch((error) => expect(error.stderr).toMatch(/already completed/))
      else expect(await running, recipe).not.toBe('')
    }
    const scheduled = () =>
      shell(`temporal workflow list --query "TemporalScheduledById = 'smart-traders'" --output json`)
    await expect.poll(async () => JSON.parse(await scheduled()).length, patience).toBeGreaterThan(0)
    const planned = await shell('temporal workflow result --workflow-id lake/backfill/november --output json').catch(
      (error) => error.stdout,
    )
    expect(planned).toMatch(/"dryRun": ?true|canceled/i)
  })
})
