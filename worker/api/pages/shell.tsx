import type { Child } from 'hono/jsx'
import type { Moment } from '../../readings/lake_view.js'
import type { Place } from './place.js'
import { moment as momentText } from './words.js'

interface ShellProps {
  readonly title: string
  readonly place: Place
  /** Absent where the lake could not be read. */
  readonly moment: Moment | undefined
  readonly stylePath: string
  readonly scriptPath?: string | undefined
  readonly codeVersion: string
  readonly children?: Child
}

const sections = [
  ['/', 'Leaderboard'],
  ['/tokens', 'Tokens'],
  ['/live', 'Live'],
  ['/billing', 'Billing'],
  ['/runs', 'Runs'],
  ['/data', 'Data'],
  ['/operations', 'Operations'],
] as const

const isWithin = (path: string, section: string): boolean =>
  section === '/' ? path === '/' || path.startsWith('/wallets/') : path === section || path.startsWith(`${section}/`)

/** What every page stands in: the way to the others, the moment that is looked at, light or dark. */
export const Shell = (props: ShellProps) => {
  const { title, place, moment, stylePath, scriptPath, codeVersion, children } = props
  return (
    <html lang="en" data-theme={place.theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Tributary`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={stylePath} />
        {scriptPath === undefined ? null : <script src={scriptPath} type="module" />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <div class="bar">
            <a class="brand" href={place.link('/')}>
              Tributary
            </a>
            <nav class="main" aria-label="Main">
              <ul>
                {sections.map(([path, name]) => (
                  <li>
                    <a href={place.link(path)} aria-current={isWithin(place.path, path) ? 'page' : undefined}>
                      {name}
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
            <div class="moment">
              <form method="get" action={place.path}>
                {Object.entries(place.query).map(([name, value]) =>
                  name === 'asOf' ? null : <input type="hidden" name={name} value={value} />,
                )}
                <label for="as-of">As of</label>
                <input
                  id="as-of"
                  name="asOf"
                  value={place.query['asOf'] ?? ''}
                  placeholder="snapshot or time"
                  autocomplete="off"
                />
                <button type="submit">Go</button>
              </form>
              <ThemeSwitch place={place} />
            </div>
          </div>
        </header>
        {moment === undefined || moment.newest ? null : <Past place={place} moment={moment} />}
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <footer>
          <span>{moment === undefined ? null : momentText(moment)}</span>
          <a href="/api/v1/openapi.json">HTTP API</a>
          <span>Tributary {codeVersion}</span>
        </footer>
      </body>
    </html>
  )
}

const Past = ({ place, moment }: { place: Place; moment: Moment }) => (
  <div class="past" role="status">
    <div class="bar">
      <span>
        You look at the lake as it was at snapshot {moment.snapshotId} ({moment.time}
        {moment.published === undefined ? ', before the first run was published' : ''}).
      </span>
      <a href={place.here({ asOf: undefined })}>Back to now</a>
    </div>
  </div>
)

/** The style sheet shows the one that leads to the other theme than the one that is seen. */
const ThemeSwitch = ({ place }: { place: Place }) => (
  <>
    {(['light', 'dark'] as const).map((to) => (
      <a class={`button to-${to}`} href={`/theme?${new URLSearchParams({ to, back: place.here({}) })}`} rel="nofollow">
        {to === 'dark' ? 'Dark' : 'Light'}
      </a>
    ))}
  </>
)
