import type { JsonRow } from '../../../infra/lake/session.js'
import { quoteAssets } from '../../../schemas/traders/quote_assets.js'
import { count, time, tokens } from '../../format.js'
import type { Column } from './data_table.js'
import type { Place } from './place.js'
import { Tier } from './tier.js'
import { shortAddress } from './words.js'

type Linked = Pick<Place, 'link'>

const wallet = ({ link }: Linked): Column<JsonRow> => ({
  name: 'Wallet',
  heading: true,
  cell: ({ wallet_address }) =>
    wallet_address === null ? (
      ''
    ) : (
      <a class="mono" href={link(`/wallets/${wallet_address}`)}>
        {shortAddress(wallet_address)}
      </a>
    ),
})

const token = ({ link }: Linked, name: string): Column<JsonRow> => ({
  name,
  cell: ({ symbol = null, token_address }) =>
    token_address === null ? (
      ''
    ) : (
      <a href={link(`/tokens/${token_address}`)}>{symbol === null ? shortAddress(token_address) : String(symbol)}</a>
    ),
})

const rank: Column<JsonRow> = { name: 'Rank', kind: 'number', cell: ({ rank: of = null }) => count(of) }
const blockTime: Column<JsonRow> = { name: 'Block time', kind: 'time', cell: ({ block_time }) => time(block_time) }
const transaction: Column<JsonRow> = {
  name: 'Transaction',
  minor: true,
  cell: ({ signature }) => <span class="mono">{shortAddress(signature)}</span>,
}

const symbolOf = (address: unknown): string =>
  quoteAssets.find((asset) => asset.address === address)?.symbol ?? shortAddress(address)

/** Of balance changes, as they are delivered. */
export const eventColumns = (place: Linked): readonly Column<JsonRow>[] => [
  { name: 'Received', kind: 'time', cell: ({ received_at }) => time(received_at) },
  wallet(place),
  rank,
  { name: 'Tier', minor: true, cell: ({ tier }) => <Tier name={tier} /> },
  token(place, 'Asset'),
  {
    name: 'Change',
    kind: 'number',
    cell: ({ change_raw, decimals }) => (
      <span class={String(change_raw).startsWith('-') ? 'down' : 'up'}>{tokens(change_raw, decimals)}</span>
    ),
  },
  { ...blockTime, minor: true },
  transaction,
]

/** Of trades that were read from deliveries. */
export const liveTradeColumns = (place: Linked): readonly Column<JsonRow>[] => [
  blockTime,
  wallet(place),
  rank,
  { name: 'Side', cell: ({ side }) => <span class={side === 'buy' ? 'up' : 'down'}>{String(side)}</span> },
  token(place, 'Token'),
  { name: 'Quantity', kind: 'number', cell: ({ quantity_raw, decimals }) => tokens(quantity_raw, decimals) },
  {
    name: 'For',
    kind: 'number',
    minor: true,
    cell: ({ counter_quantity_raw, counter_decimals, counter_token_address }) =>
      `${tokens(counter_quantity_raw, counter_decimals)} ${symbolOf(counter_token_address)}`,
  },
  { name: 'Known by', minor: true, cell: ({ origin }) => String(origin) },
  transaction,
]

const alertKinds: Readonly<Record<string, string>> = { trade: 'info', cluster: 'warn', tier: 'strong' }

/** Of alerts. */
export const alertColumns = (place: Linked): readonly Column<JsonRow>[] => [
  { name: 'When', kind: 'time', cell: ({ occurred_at }) => time(occurred_at) },
  { name: 'Kind', cell: ({ kind }) => <span class={`badge ${alertKinds[String(kind)] ?? ''}`}>{String(kind)}</span> },
  wallet(place),
  token(place, 'Token'),
  { name: 'What', cell: ({ message }) => shortened(String(message)) },
]

/** Addresses in a sentence are cut: the row links to them. */
const shortened = (message: string): string => message.replaceAll(/[1-9A-HJ-NP-Za-km-z]{32,90}/g, shortAddress)
