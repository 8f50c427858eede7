import path from 'node:path'
import type { Config } from '../../infra/config.js'
import type { Secret } from '../../infra/secret.js'
import { homeSecret } from '../home_secret.js'

const apiTokenName = 'api_token'
const apiTokenFile = ({ home }: Pick<Config, 'home'>): string => path.join(home, apiTokenName)

/** The configured token, else the one of the home, made at the first use and readable by its owner alone. */
export const apiToken = async ({ api, home }: Config): Promise<Secret> => {
  if (api.token !== undefined) return api.token
  return homeSecret(home, apiTokenName)
}

/** How a person lets a browser change things: a link to be opened once, or where nobody can click, where the token is. */
export const signInAdvice = async (config: Config, url: string, isTerminal: boolean): Promise<string> => {
  if (config.api.token !== undefined) return 'to change things there, sign in with API_TOKEN'
  if (!isTerminal) return `to change things there, sign in with the token in ${apiTokenFile(config)}`
  return `to change things there, open once ${url}/sign-in?token=${(await apiToken(config)).reveal()}`
}
