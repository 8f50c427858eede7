/** What names a table among all datasets of the lake, each part one word: `<domain>.<purpose>_<subject>_<grain>_v<version>`. */
export interface DatasetParts {
  /** What it is for, such as `pnl`. */
  readonly purpose: string
  /** Whom or what it is about, such as `wallet`. */
  readonly subject: string
  /** What one row stands for, in a word, such as `trade`. */
  readonly grain: string
  /** The major version; 1 where it is left out. A higher one is a table of its own, whose name ends in `_v<version>`. */
  readonly version?: number
  /** Raised when a definition goes back to an earlier one on purpose; a build that is merely older would be taken for that. */
  readonly revision?: number
}

export interface Dataset extends Required<DatasetParts> {
  readonly name: string
  readonly domain: string
  readonly tier: string
}

const word = /^[a-z][a-z0-9]{0,30}$/

/** The dataset that a table `<domain>_<tier>.<table>` holds. Throws where a part cannot be part of the name. */
export const datasetOf = (table: string, parts: DatasetParts): Dataset => {
  const { purpose, subject, grain, version = 1, revision = 0 } = parts
  for (const [field, value] of Object.entries({ purpose, subject, grain })) {
    if (!word.test(value)) throw new Error(`${table}: dataset.${field} "${value}" is not one lower-case word`)
  }
  for (const [field, value, least] of [['version', version, 1] as const, ['revision', revision, 0] as const]) {
    if (!Number.isInteger(value) || value < least)
      throw new Error(`${table}: dataset.${field} ${value} is not a whole number from ${least}`)
  }
  const suffix = /_v(\d+)$/.exec(table)?.[1]
  if (version === 1 ? suffix !== undefined : suffix !== String(version)) {
    throw new Error(
      `${table}: dataset.version is ${version}, but the table's name ${suffix === undefined ? 'has no version' : `ends in _v${suffix}`}`,
    )
  }
  const schema = table.slice(0, table.indexOf('.'))
  const layer = schema.lastIndexOf('_')
  const domain = layer < 0 ? schema : schema.slice(0, layer)
  const name = `${domain}.${purpose}_${subject}_${grain}_v${version}`
  return { name, domain, tier: schema.slice(layer + 1), purpose, subject, grain, version, revision }
}
