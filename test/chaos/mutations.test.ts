import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { mutations } from './mutations.js'

test.each(mutations)('$name can still be taken out: its text stands in the source once', ({ file, from, to }) => {
  const source = readFileSync(path.join(loadConfig({}).projectRoot, file), 'utf8')
  expect(source.split(from)).toHaveLength(2)
  expect(to).not.toBe(from)
})
