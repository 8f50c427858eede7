/** What several sources yield, as it comes, with `lanes` of them read at a time. An error of one ends all. */
export async function* merge<T>(sources: Iterable<AsyncIterable<T>>, lanes: number): AsyncGenerator<T> {
  const waiting = sources[Symbol.iterator]()
  const running = new Map<AsyncIterator<T>, Promise<Step<T>>>()
  const advance = (iterator: AsyncIterator<T>) => {
    const step = iterator.next().then((result) => ({ iterator, result }))
    // A lane that fails after another one did is not waited for.
    step.catch(() => undefined)
    running.set(iterator, step)
  }
  const begin = () => {
    const next = waiting.next()
    if (next.done !== true) advance(next.value[Symbol.asyncIterator]())
  }
  try {
    for (let lane = 0; lane < lanes; lane += 1) begin()
    while (running.size > 0) {
      const { iterator, result } = await Promise.race(running.values())
      if (result.done === true) {
        running.delete(iterator)
        begin()
      } else {
        advance(iterator)
        yield result.value
      }
    }
  } finally {
    for (const iterator of running.keys()) iterator.return?.()?.catch(() => undefined)
  }
}

interface Step<T> {
  readonly iterator: AsyncIterator<T>
  readonly result: IteratorResult<T>
}
