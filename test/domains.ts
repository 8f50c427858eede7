import { domains as workerDomains } from '../worker/domains.js'

/** Every domain there is, as the worker lists them. */
export const domains = workerDomains.map(({ domain }) => domain)
