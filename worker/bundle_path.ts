import { fileURLToPath } from 'node:url'

/** The prebuilt workflow code of a domain: bundling takes seconds, so the build does it and not the worker's start. */
export const bundlePath = (domain: string): string => fileURLToPath(new URL(`../bundles/${domain}.js`, import.meta.url))
