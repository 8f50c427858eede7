import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { z } from 'zod'

const stamp = z.object({ sha256: z.string(), bytes: z.number(), modifiedMs: z.number(), source: z.string() })

/** What was found when a cached file was last read whole. */
export type Stamp = z.infer<typeof stamp>

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

/** The stamp beside a file, unless the file changed its size or time since: 100 MB are not hashed at every start. */
export async function readStamp(path: string): Promise<Stamp | undefined> {
  try {
    const [text, file] = await Promise.all([readFile(stampPath(path), 'utf8'), stat(path)])
    const found = stamp.parse(JSON.parse(text))
    return found.bytes === file.size && found.modifiedMs === file.mtimeMs ? found : undefined
  } catch {
    return undefined
  }
}

export async function writeStamp(path: string, sha256: string, source: string): Promise<void> {
  const { size, mtimeMs } = await stat(path)
  const content: Stamp = { sha256, bytes: size, modifiedMs: mtimeMs, source }
  await writeFile(stampPath(path), JSON.stringify(content))
}

function stampPath(path: string): string {
  return `${path}.stamp.json`
}
