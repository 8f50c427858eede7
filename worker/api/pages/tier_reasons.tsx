import type { JsonRow } from '../../../infra/lake/session.js'
import { tierParameter, tiers } from '../../../schemas/traders/gold/rules.js'
import { count, money, percent } from '../../format.js'
import { Tier } from './tier.js'

interface TierReasonsProps {
  readonly ranking: JsonRow | undefined
  readonly verdicts: readonly JsonRow[]
  /** The thresholds of the run, by name. */
  readonly parameters: Readonly<Record<string, unknown>>
}

const figureNames: Readonly<Record<string, string>> = {
  realized_pnl_usd: 'realized PnL',
  roi: 'ROI',
  win_rate: 'win rate',
  trade_count: 'trades',
}

const figureText = (figure: string, value: unknown): string => {
  if (figure === 'realized_pnl_usd') return `${money(value)} USD`
  return figure === 'trade_count' ? count(value) : percent(value)
}

/** Which rules it passes, why it has its tier, and what the next one asks. */
export const TierReasons = ({ ranking, verdicts, parameters }: TierReasonsProps) => {
  const at = tiers.findIndex(({ name }) => name === ranking?.['tier'])
  const [own, next] = [tiers[at], tiers[at === -1 ? tiers.length - 1 : at - 1]]
  return (
    <div class="columns">
      <section aria-labelledby="rules">
        <h2 id="rules">{ranking === undefined ? 'Why it is not ranked' : 'Why it is ranked'}</h2>
        <ul class="rules">
          {verdicts
            .toSorted((one, other) => Number(one['passed']) - Number(other['passed']))
            .map(({ passed, explanation }) => (
              <Mark holds={passed === true} text={String(explanation)} />
            ))}
        </ul>
      </section>
      {ranking === undefined ? null : (
        <section aria-labelledby="tier">
          <h2 id="tier">Why this tier</h2>
          <p>
            <Tier name={ranking['tier']} /> {String(ranking['reasons'])}
          </p>
          {own === undefined ? null : <Thresholds tier={own} row={ranking} parameters={parameters} />}
          {next === undefined ? (
            <p class="faint">There is no higher tier.</p>
          ) : (
            <>
              <h2>
                Why not <Tier name={next.name} />
              </h2>
              <Thresholds tier={next} row={ranking} parameters={parameters} />
            </>
          )}
        </section>
      )}
    </div>
  )
}

interface ThresholdsProps {
  readonly tier: (typeof tiers)[number]
  readonly row: JsonRow
  readonly parameters: Readonly<Record<string, unknown>>
}

const Thresholds = ({ tier: { name, ...figures }, row, parameters }: ThresholdsProps) => (
  <ul class="rules">
    {Object.entries(figures).map(([figure, byDefault]) => {
      const threshold = Number(parameters[tierParameter(name, figure)] ?? byDefault)
      const value = row[figure]
      const asked = `${figureNames[figure]} of ${figureText(figure, value)}, and at least ${figureText(figure, threshold)} is asked`
      return <Mark holds={Number(value) >= threshold} text={asked} />
    })}
  </ul>
)

const Mark = ({ holds, text }: { holds: boolean; text: string }) => (
  <li>
    <span class={`mark ${holds ? 'up' : 'down'}`} aria-hidden="true">
      {holds ? '✓' : '✗'}
    </span>
    <span>
      <span class="visually-hidden">{holds ? 'holds: ' : 'does not hold: '}</span>
      {text}
    </span>
  </li>
)
