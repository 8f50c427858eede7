import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Where the build writes what it built: beside the bundles. */
export const codeVersionPath = fileURLToPath(new URL('../bundles/code_version.txt', import.meta.url))

/** `<package version>+<hash of the compiled code>`: equal exactly where the same code runs. */
export const codeVersion = async (): Promise<string> => (await readFile(codeVersionPath, 'utf8')).trim()
