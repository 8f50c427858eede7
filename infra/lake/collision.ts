/** Whether a transaction failed because another one was first, so that it may be tried again as a whole. */
export const isCollision = (error: unknown): boolean =>
  error instanceof Error &&
  /transaction conflict|conflicting|could not serialize|deadlock detected|database is locked|write-write conflict/i.test(
    error.message,
  )
