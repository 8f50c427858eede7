import { InvalidInput } from '../../infra/errors.js'

/** The flags of tctl that are known here, by their long names, with their short ones. The value says whether one takes a value. */
const known = {
  address: { short: ['ad'], value: true },
  namespace: { short: ['ns'], value: true },
  taskqueue: { short: ['tq', 't'], value: true },
  workflow_type: { short: ['wt'], value: true },
  workflow_id: { short: ['wid', 'w'], value: true },
  run_id: { short: ['rid', 'r'], value: true },
  input: { short: ['i'], value: true },
  input_file: { short: ['if'], value: true },
  execution_timeout: { short: ['et'], value: true },
  name: { short: ['n'], value: true },
  query: { short: ['q'], value: true },
  query_type: { short: ['qt'], value: true },
  reason: { short: ['re'], value: true },
  pagesize: { short: ['ps'], value: true },
  open: { short: ['op'], value: false },
  print_json: { short: ['pjson'], value: false },
} as const

export type Flag = keyof typeof known
const names = Object.keys(known) as Flag[]

/** The commands of tctl that are known here, with the flags each takes besides address and namespace, and those it needs. */
export const tctlCommands = {
  start: { needs: ['taskqueue', 'workflow_type'], takes: ['workflow_id', 'input', 'input_file', 'execution_timeout'] },
  run: { needs: ['taskqueue', 'workflow_type'], takes: ['workflow_id', 'input', 'input_file', 'execution_timeout'] },
  show: { needs: ['workflow_id'], takes: ['run_id', 'print_json'] },
  list: { needs: [], takes: ['query', 'open', 'pagesize', 'workflow_type', 'workflow_id', 'print_json'] },
  describe: { needs: ['workflow_id'], takes: ['run_id'] },
  signal: { needs: ['workflow_id', 'name'], takes: ['run_id', 'input', 'input_file'] },
  terminate: { needs: ['workflow_id'], takes: ['run_id', 'reason'] },
  cancel: { needs: ['workflow_id'], takes: ['run_id'] },
  query: { needs: ['workflow_id', 'query_type'], takes: ['run_id', 'input', 'input_file'] },
} as const satisfies Record<string, { needs: readonly Flag[]; takes: readonly Flag[] }>

export type TctlCommand = keyof typeof tctlCommands

export interface Invocation {
  readonly command: TctlCommand
  readonly flags: Readonly<Partial<Record<Flag, string>>>
}

const aliases: Readonly<Record<string, string>> = {
  wf: 'workflow',
  desc: 'describe',
  term: 'terminate',
  ls: 'list',
  l: 'list',
}
const resources = `workflow (wf) ${Object.keys(tctlCommands).join(', ')}`
const successor = 'Temporal’s own successor of tctl is the program temporal; npx tributary doctor prints its path'

/** Reads words as tctl did. Throws InvalidInput, naming the word and what would do, for whatever is not known here. */
export const parseTctl = (words: readonly string[]): Invocation => {
  const flags: Partial<Record<Flag, string>> = {}
  const plain: string[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const [, dashed, inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? []
    if (dashed === undefined) {
      plain.push(word)
      continue
    }
    const flag = flagNamed(dashed)
    if (!known[flag].value) flags[flag] = inline ?? 'true'
    else {
      if (inline === undefined) index += 1
      const value = inline ?? words[index]
      if (value === undefined) throw new InvalidInput(`tctl: ${word} needs a value`)
      flags[flag] = value
    }
  }
  const [resource = '', given = '', ...rest] = plain.map((word) => aliases[word] ?? word)
  if (resource !== 'workflow')
    throw new InvalidInput(`tctl: "${resource}" is not known here; there is ${resources}. ${successor}`)
  if (!isCommand(given))
    throw new InvalidInput(`tctl: workflow "${given}" is not known here; there is ${resources}. ${successor}`)
  if (rest.length > 0) throw new InvalidInput(`tctl: "${rest[0]}" is one word too many; quote a value with spaces`)
  assertFlags(given, flags)
  return { command: given, flags }
}

const isCommand = (word: string): word is TctlCommand => word in tctlCommands

const flagNamed = (text: string): Flag => {
  const name = text.replaceAll('-', '_')
  const found = names.find((flag) => flag === name || known[flag].short.some((short) => short === name))
  if (found !== undefined) return found
  throw new InvalidInput(
    `tctl: --${text} is not known here; known are ${names.map((flag) => `--${flag}`).join(', ')}. ${successor}`,
  )
}

const assertFlags = (command: TctlCommand, flags: Invocation['flags']): void => {
  const { needs, takes }: { needs: readonly Flag[]; takes: readonly Flag[] } = tctlCommands[command]
  const missing = needs.filter((flag) => flags[flag] === undefined)
  if (missing.length > 0)
    throw new InvalidInput(`tctl: workflow ${command} needs ${missing.map((flag) => `--${flag}`).join(' and ')}`)
  const surplus = names.find(
    (flag) => flags[flag] !== undefined && ![...needs, ...takes, 'address', 'namespace'].includes(flag),
  )
  if (surplus !== undefined)
    throw new InvalidInput(
      `tctl: workflow ${command} takes no --${surplus}; it takes ${[...needs, ...takes].map((flag) => `--${flag}`).join(', ')}`,
    )
}
