import axe from 'axe-core'
import type { Page } from '../browser/browser.js'

/** WCAG 2.2 A and AA, and what axe calls good practice. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Violation {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe-core finds wrong on a page, a line each; what it calls minor is left out. */
export const accessibilityProblems = async (page: Page): Promise<string[]> => {
  // Over the debugger's protocol, which the page's policy does not hold for.
  await page.evaluate(axe.source)
  const violations: Violation[] = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) => violations)`,
  )
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(
      ({ id, impact, nodes }) =>
        `${id} (${impact}): ${nodes
          .slice(0, 2)
          .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`)
          .join(' | ')}`,
    )
}
