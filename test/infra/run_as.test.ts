import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { unprivileged } from '../../infra/stack/run_as.js'

const isLinuxRoot = process.platform === 'linux' && process.getuid?.() === 0

test.skipIf(!isLinuxRoot)(
  'what root starts as another user may run a program below a folder that only root may enter',
  async () => {
    // mkdtemp is readable by its owner only.
    const folder = await mkdtemp(join(tmpdir(), 'tributary-locked-'))
    try {
      const program = join(folder, 'program')
      await writeFile(program, '#!/bin/sh\nid -u\n', { mode: 0o755 })
      const { prefix } = await unprivileged(join(folder, 'data'), [program])
      const [command = '', ...args] = prefix
      const run = promisify(execFile)
      // test(1) asks access(2), as initdb does of the postgres beside it.
      await run(command, [...args, 'test', '-x', program])
      expect(Number((await run(command, [...args, program])).stdout)).toBeGreaterThan(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
