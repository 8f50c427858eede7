import { describe, expect, test } from 'vitest'
import { assertFanOut } from '../../workflows/fan_out.js'

describe('a fan-out', () => {
  test('of a few batches at a time is let through, however many there are up to the limit', () => {
    expect(() => assertFanOut('histories', { batches: 5_000, concurrent: 200 })).not.toThrow()
    expect(() => assertFanOut('histories', { batches: 3, concurrent: 2_500 })).not.toThrow()
  })

  test('that is wider than the server would hold is refused, naming the step, the number and the mend', () => {
    const refusal = /step histories would have 2500 activities pending, over 200; let fewer of its batches run at once/
    expect(() => assertFanOut('histories', { batches: 2_500, concurrent: 2_500 })).toThrow(refusal)
  })
})
