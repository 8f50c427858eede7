import type { JsonRow } from '../../../infra/lake/session.js'
import { axes, Chart, color } from './chart.js'
import { signedMoney } from './words.js'

/** Cumulative realized PnL by day, over the PnL of each day. */
export const EquityCurve = ({ days }: { days: readonly JsonRow[] }) => {
  const last = days.at(-1)
  if (last === undefined)
    return <p class="empty">No sale has both a known cost and known proceeds, so there is no curve.</p>
  const label = `Realized profit and loss from ${days[0]?.['day']} to ${last['day']}: ${signedMoney(last['equity_usd'])} USD in the end`
  const option = {
    ...axes({ type: 'category', boundaryGap: true, data: days.map(({ day }) => day) }, { scale: false }),
    series: [
      {
        type: 'bar',
        barMaxWidth: 6,
        data: days.map(({ realized_usd }) => ({
          value: Number(realized_usd),
          itemStyle: { color: color(Number(realized_usd) < 0 ? 'bad' : 'good'), opacity: 0.55 },
        })),
      },
      {
        type: 'line',
        showSymbol: false,
        step: false,
        lineStyle: { width: 2, color: color('accent') },
        areaStyle: { color: color('accent'), opacity: 0.08 },
        data: days.map(({ equity_usd }) => Number(equity_usd)),
      },
    ],
  }
  return (
    <Chart
      label={label}
      caption="Line: realized PnL so far, USD. Bars: that of each day with a sale."
      option={option}
    />
  )
}
