import { defineConfig } from 'vitest/config'

/** `unit` needs nothing but Node; `lake` a real catalog; `temporal` real servers; `end_to_end` the whole product as a user starts it. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{lake,temporal,end_to_end}.test.ts'],
        },
      },
      {
        test: {
          name: 'lake',
          include: ['test/**/*.lake.test.ts'],
          globalSetup: ['test/lake/global_setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'temporal',
          include: ['test/**/*.temporal.test.ts'],
          globalSetup: ['test/temporal/global_setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'end_to_end',
          include: ['test/**/*.end_to_end.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
