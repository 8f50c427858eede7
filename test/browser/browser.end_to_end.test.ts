import { expect, onTestFinished, test } from 'vitest'
import { openPage, startBrowser } from './browser.js'

const browser = await startBrowser()

test.skipIf(browser === undefined)('a real browser shows a page, and tells what its scripts throw', async () => {
  if (browser === undefined) return
  onTestFinished(() => browser.close())
  const { page, problems } = await openPage(browser)
  await page.setContent('<title>here</title><p>text</p><script>throw new Error("thrown")</script>')
  expect(await page.title()).toBe('here')
  expect(await page.locator('p').boundingBox()).toMatchObject({ width: expect.any(Number) })
  expect(problems).toEqual(['thrown'])
})
