import { createHash } from 'node:crypto'
import { fenceVersion } from '../infra/lake/fence_version.js'
import { atSnapshot, quotedIdentifier, quotedLiteral } from '../infra/lake/identifier.js'
import type { Parameters, Session } from '../infra/lake/session.js'
import { currentSnapshotId } from '../infra/lake/version.js'
import type { Derivation, Source, Stage, Table } from '../schemas/table.js'
import { type Changes, findChanges } from './changes.js'
import type { Preparation } from './commit.js'
import { latestReceipt } from './receipt.js'
import type { Write } from './write.js'

export interface DerivationRequest {
  readonly stage: Stage
  readonly step: string
  /** The snapshot that tables of other stages are read at. */
  readonly snapshotId: number
  /** What the SELECTs bind; `as_of` (ISO 8601) always. */
  readonly parameters: Readonly<Record<string, string | number>> & { readonly as_of: string }
  /** Derive every row again, whatever has changed. */
  readonly everything?: boolean
  /** What to read instead of tables of other stages: their SQL names in the session, by table. */
  readonly instead?: ReadonlyMap<string, string>
}

/**
 * Derives the tables of a stage from their definitions into temporary tables of the session, before any transaction. Tables
 * derived `by` a column are recomputed for the values whose inputs changed since the step's previous commit, which gives the same
 * rows as deriving everything; they are derived whole when that commit used other SQL, other parameters or a later `as_of`.
 */
export const deriveStage = async (session: Session, request: DerivationRequest): Promise<Preparation> => {
  const { stage, snapshotId } = request
  const derived = derivedTables(stage)
  const fingerprint = derivationFingerprint(stage)
  const own = await currentSnapshotId(session)
  const fence = await fenceVersion(session, stage.name, own)
  const previous = request.everything === true ? undefined : await latestReceipt(session, stage.name, request.step)
  const changes = await findChanges(session, { ...request, derived, fingerprint, previous })
  const workbench = new Workbench(session, request, own, changes)
  const writes: Write[] = []
  for (const table of derived) writes.push(await workbench.derive(table))
  return {
    writes,
    inputs: { ...foreignInputs(derived, stage, snapshotId), [stage.name]: own },
    basis: new Map([[stage.name, fence]]),
    derivationFingerprint: fingerprint,
  }
}

/** Derives every row of a stage's tables into temporary tables of the session; resolves to their SQL names, by table. */
export const deriveWhole = async (session: Session, request: DerivationRequest): Promise<Map<string, string>> => {
  const workbench = new Workbench(session, request, request.snapshotId, undefined)
  const relations = new Map<string, string>()
  for (const table of derivedTables(request.stage)) relations.set(table.name, (await workbench.derive(table)).staged)
  return relations
}

export const derivedTables = ({ tables }: Stage): Table[] => tables.filter((table) => table.derive !== undefined)

/** Changes when the SQL of a table does, so that rows of an older definition are not taken for current ones. */
export const derivationFingerprint = (stage: Stage): string => {
  const symbols = (derive: Derivation) =>
    Object.fromEntries(Object.keys(derive.from).map((alias) => [alias, `<${alias}>`]))
  const texts = (source: Source): string[] =>
    source.derive === undefined
      ? [source.name]
      : [source.name, source.derive.select(symbols(source.derive)), ...Object.values(source.derive.from).flatMap(texts)]
  return createHash('sha256')
    .update(JSON.stringify(derivedTables(stage).flatMap(texts)))
    .digest('hex')
    .slice(0, 16)
}

const foreignInputs = (tables: readonly Table[], stage: Stage, snapshotId: number): Record<string, number> => {
  const sources = (source: Source): Source[] =>
    Object.values(source.derive?.from ?? {}).flatMap((each) => [each, ...sources(each)])
  const stages = tables.flatMap(sources).flatMap((source) => ('schema' in source ? [source.schema] : []))
  return Object.fromEntries(stages.filter((name) => name !== stage.name).map((name) => [name, snapshotId]))
}

/** The temporary relations of one derivation: each source a view, each derived table a table. */
class Workbench {
  readonly #derived = new Map<Source, string>()
  #views = 0

  constructor(
    private readonly session: Session,
    private readonly request: DerivationRequest,
    private readonly ownSnapshotId: number,
    private readonly changes: Changes | undefined,
  ) {}

  async derive(table: Table): Promise<Write> {
    const staged = await this.#materialize(table)
    const relation = this.#scope(table)
    return relation === undefined
      ? { table, staged, replaces: { kind: 'everything' } }
      : { table, staged, replaces: { kind: 'keys', columns: [relation.by], relation: relation.name } }
  }

  /** Computes a table or intermediate into a temporary table, once. */
  async #materialize(source: Source): Promise<string> {
    const existing = this.#derived.get(source)
    if (existing !== undefined) return existing
    const { derive } = source
    if (derive === undefined) throw new Error(`${source.name} has no derivation`)
    const relations: Record<string, string> = {}
    for (const [alias, from] of Object.entries(derive.from))
      relations[alias] = await this.#relation(from, derive, this.#scope(source))
    const name = quotedIdentifier(`derived ${source.name}`)
    const parameters: Parameters = {}
    for (const parameter of derive.parameters ?? []) {
      const value = this.request.parameters[parameter]
      if (value === undefined) throw new Error(`${source.name} needs the parameter ${parameter}`)
      parameters[parameter] = value
    }
    await this.session.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${derive.select(relations)}`, parameters)
    this.#derived.set(source, name)
    return name
  }

  /** The changed values a source is recomputed for; undefined when it is recomputed whole. */
  #scope(source: Source): { name: string; by: string } | undefined {
    const by = source.derive?.by
    return by === undefined || this.changes?.by !== by ? undefined : { name: this.changes.relation, by }
  }

  /** The SQL name under which a consumer with this scope reads a source. */
  async #relation(
    source: Source,
    { time }: Derivation,
    scope: { name: string; by: string } | undefined,
  ): Promise<string> {
    if (!('schema' in source)) return this.#materialize(source)
    const own = source.schema === this.request.stage.name
    if (own) {
      const staged = await this.#materialize(source)
      const partial = this.#scope(source)
      if (partial === undefined || scope !== undefined) return staged
      const columns = Object.keys(source.columns).map(quotedIdentifier).join(', ')
      return this.#view(`
        SELECT ${columns} FROM ${atSnapshot(source.name, this.ownSnapshotId)} ANTI JOIN ${partial.name} USING (${partial.by})
        UNION ALL SELECT ${columns} FROM ${staged}`)
    }
    const changed =
      scope !== undefined && source.columns[scope.by] !== undefined
        ? ` SEMI JOIN ${scope.name} USING (${scope.by})`
        : ''
    const asOf = `TIMESTAMPTZ ${quotedLiteral(this.request.parameters.as_of)}`
    const past =
      time !== undefined && source.columns[time] !== undefined ? ` WHERE ${quotedIdentifier(time)} <= ${asOf}` : ''
    const relation = this.request.instead?.get(source.name) ?? atSnapshot(source.name, this.request.snapshotId)
    return this.#view(`SELECT * FROM ${relation}${changed}${past}`)
  }

  async #view(select: string): Promise<string> {
    this.#views += 1
    const name = quotedIdentifier(`source ${this.#views}`)
    await this.session.run(`CREATE OR REPLACE TEMP VIEW ${name} AS ${select}`)
    return name
  }
}
