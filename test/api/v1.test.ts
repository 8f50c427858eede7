import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { double, nullable, rawAmount, text, timestamp, usd } from '../../schemas/column.js'
import { createApi } from '../../worker/api/api.js'
import { resources } from '../../worker/api/v1/index.js'
import { isoTimes, jsonRow } from '../../worker/api/v1/json_row.js'
import { apiDependencies } from './api_dependencies.js'

const api = createApi(apiDependencies())
const get = (path: string, accept = '*/*') => api.request(path, { headers: { accept, host: 'localhost' } })

/** As much of an OpenAPI document as is looked into. */
const openApi = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.looseObject({
      get: z.looseObject({
        summary: z.string().min(10),
        parameters: z.array(
          z.looseObject({ name: z.string(), in: z.enum(['path', 'query']), schema: z.looseObject({}) }),
        ),
        responses: z.looseObject({
          200: z.looseObject({
            content: z.looseObject({
              'application/json': z.looseObject({
                schema: z.looseObject({ properties: z.looseObject({ asOf: z.looseObject({}) }) }),
              }),
            }),
          }),
        }),
      }),
    }),
  ),
})

describe('the OpenAPI document', () => {
  test('has every route with how it is asked and what it answers, as of a moment', async () => {
    const document = z.looseObject({ paths: z.record(z.string(), z.unknown()) })
    const { paths: all, ...rest } = document.parse(await (await get('/api/v1/openapi.json')).json())
    const { '/query': query, ...reading } = all
    expect(query).toMatchObject({ post: { security: [{ token: [] }], requestBody: { required: true } } })
    const { paths } = openApi.parse({ ...rest, paths: reading })
    expect(Object.keys(paths)).toEqual(resources.map(({ path }) => path))
    for (const [path, { get: operation }] of Object.entries(paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(
        operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name),
        path,
      ).toEqual(inPath)
      expect(
        operation.parameters.map(({ name }) => name),
        path,
      ).toContain('asOf')
    }
  })
})

describe('a row as JSON', () => {
  const row = jsonRow({ wallet: text, amount: rawAmount, cost: nullable(usd), share: double, at: timestamp })
  const valid = { wallet: 'w', amount: '12345678901234567890123', cost: null, share: 0.5, at: '2026-11-21T06:00:00Z' }

  test('keeps what a double would lose as text', () => {
    expect(row.safeParse(valid).success).toBe(true)
    for (const bad of [
      { amount: 12 },
      { amount: '1.5' },
      { cost: 1.5 },
      { share: '0.5' },
      { at: '2026-11-21 06:00:00+00' },
      { wallet: null },
    ]) {
      expect(row.safeParse({ ...valid, ...bad }).success, JSON.stringify(bad)).toBe(false)
    }
  })

  test('has its times as ISO 8601, at any depth, and no other text changed', () => {
    expect(
      isoTimes({ rows: [{ at: '2026-11-21 06:00:00.25+00' }], message: 'at 2026-11-21 06:00:00+00', none: undefined }),
    ).toEqual({
      rows: [{ at: '2026-11-21T06:00:00.25Z' }],
      message: 'at 2026-11-21 06:00:00+00',
      none: null,
    })
  })
})

describe('a lake that is away', () => {
  test('is told of as a page to a browser, and as JSON to a program', async () => {
    const page = await get('/', 'text/html')
    expect([page.status, page.headers.get('content-type')]).toEqual([503, 'text/html; charset=UTF-8'])
    expect(await page.text()).toContain('the catalog is away')
    const program = await get('/api/v1/leaderboard', 'text/html')
    expect([program.status, await program.json()]).toEqual([
      503,
      { error: { code: 'SourceUnavailable', message: 'the catalog is away' } },
    ])
  })

  test('shows no text of an address as markup', async () => {
    const page = await get('/?search=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&asOf=%3Cb%3E', 'text/html')
    expect(await page.text()).not.toMatch(/<script>alert|<b>/)
  })
})

describe('the theme', () => {
  test('leads back to a page of ours and nowhere else', async () => {
    const back = async (path: string) =>
      (await get(`/theme?to=dark&back=${encodeURIComponent(path)}`)).headers.get('location')
    expect(await back('/runs?asOf=3')).toBe('/runs?asOf=3')
    for (const elsewhere of ['//example.com', '/\\example.com', 'https://example.com', 'javascript:alert(1)', ''])
      expect(await back(elsewhere), elsewhere).toBe('/')
  })
})
