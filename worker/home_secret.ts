import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Secret } from '../infra/secret.js'

/** 256 bits: nobody guesses it. */
const generatedBytes = 32

/** A secret of the home, made at the first use and readable by its owner alone. */
export const homeSecret = async (home: string, name: string): Promise<Secret> => {
  const file = path.join(home, name)
  await mkdir(home, { recursive: true })
  const generated = randomBytes(generatedBytes).toString('base64url')
  // Two processes may come here at once; the file that is there first holds.
  await writeFile(file, `${generated}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return new Secret((await readFile(file, 'utf8')).trim())
}
