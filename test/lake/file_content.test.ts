import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { contentOf } from '../../activities/lake/file_content.js'

test('files are the same by name and bytes, and a change while they are read is noticed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-content-'))
  try {
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')]
    await writeFile(one, 'a')
    await writeFile(two, 'a')
    const first = await contentOf([one], () => 'x')
    expect((await contentOf([two], () => 'x')).fingerprint).toBe(first.fingerprint)
    expect((await contentOf([two], () => 'y')).fingerprint).not.toBe(first.fingerprint)
    await expect(first.assertUnchanged()).resolves.toBeUndefined()
    await appendFile(one, 'b')
    await expect(first.assertUnchanged()).rejects.toThrow(/was changed while it was read; nothing was imported/)
    expect((await contentOf([one], () => 'x')).fingerprint).not.toBe(first.fingerprint)
    await rm(one)
    await expect(first.assertUnchanged()).rejects.toThrow(/was changed/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
