/** Quotes an SQL identifier. Identifiers come from definitions and generated names, never from input. */
export const quotedIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Quotes a string literal, for the few statements (ATTACH, SET, CREATE SECRET) that cannot bind values. */
export const quotedLiteral = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** `traders_gold.smart_wallets` as the attached lake names it. */
export const inLake = (table: string): string => `lake.${table.split('.').map(quotedIdentifier).join('.')}`

/** A table as it was at a snapshot, for use in FROM. */
export const atSnapshot = (table: string, snapshotId: number): string =>
  `${inLake(table)} AT (VERSION => ${Math.trunc(snapshotId)})`
