import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../infra/config.js'
import { Secret } from '../../infra/secret.js'

/** 256 bits: nobody guesses it. */
const generatedBytes = 32

const apiTokenFile = ({ home }: Pick<Config, 'home'>): string => path.join(home, 'api_token')

/** The configured token, else the one of the home, made at the first use and readable by its owner alone. */
export const apiToken = async ({ api, home }: Config): Promise<Secret> => {
  if (api.token !== undefined) return api.token
  const file = apiTokenFile({ home })
  await mkdir(home, { recursive: true })
  const generated = randomBytes(generatedBytes).toString('base64url')
  // Two processes may come here at once; the file that is there first holds.
  await writeFile(file, `${generated}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return new Secret((await readFile(file, 'utf8')).trim())
}

/** How a person lets a browser change things: a link to be opened once, or where nobody can click, where the token is. */
export const signInAdvice = async (config: Config, url: string, isTerminal: boolean): Promise<string> => {
  if (config.api.token !== undefined) return 'to change things there, sign in with API_TOKEN'
  if (!isTerminal) return `to change things there, sign in with the token in ${apiTokenFile(config)}`
  return `to change things there, open once ${url}/sign-in?token=${(await apiToken(config)).reveal()}`
}
