/** The SQL aggregate that hashes rows whatever their order; receipts, replays, clusterings and backups are compared by it. */
export const contentHash = (columns: string): string => `coalesce(sum(hash(${columns})::HUGEINT), 0)::VARCHAR`
