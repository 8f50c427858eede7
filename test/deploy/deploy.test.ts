import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../infra/config.js'
import { environment } from '../../infra/environment.js'
import { lakeMetricNames } from '../../infra/lake/lake_gauges.js'
import { createMetrics } from '../../infra/metrics.js'
import { pythonPackages } from '../lake/python_packages.js'
import { deployFolder, namedMetrics } from './named_metrics.js'

const run = promisify(execFile)
const textOf = (name: string) => readFileSync(path.join(deployFolder, name), 'utf8')
const isThere = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('alerts and dashboard', () => {
  test('name only metrics that are exported', async () => {
    const exported = new Set([
      ...lakeMetricNames,
      ...createMetrics()
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    ])
    // Temporal's are looked for in a real run: test/worker/watched_run.temporal.test.ts.
    const named = namedMetrics().filter((name) => !name.startsWith('temporal_'))
    expect(named.length).toBeGreaterThan(25)
    expect(named.filter((name) => !exported.has(name))).toEqual([])
  })

  test('leave no metric of ours unlooked at', () => {
    const ours = [
      ...lakeMetricNames,
      ...createMetrics()
        .registry.getMetricsAsArray()
        .map(({ name }) => name),
    ]
    const named = namedMetrics()
    expect(ours.filter((name) => name.startsWith('tributary_') && !named.includes(name))).toEqual([])
  })

  test('every alert says what to do and is tested', () => {
    const rules = textOf('prometheus/rules.yaml')
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
    expect(alerts.length).toBe(rules.match(/ mend: /g)?.length)
    const tested = textOf('prometheus/rules_test.yaml')
    expect(alerts.filter((name) => !tested.includes(`name: ${name} fires`))).toEqual([])
  })

  test.skipIf(!isThere('promtool'))(
    'hold in promtool: syntax, and each alert on figures that are for it (Debian package prometheus)',
    async () => {
      const cwd = path.join(deployFolder, 'prometheus')
      expect((await run('promtool', ['check', 'config', 'prometheus.yaml'], { cwd })).stdout).toContain('SUCCESS')
      expect((await run('promtool', ['test', 'rules', 'rules_test.yaml'], { cwd })).stdout).toContain('SUCCESS')
    },
    60_000,
  )

  test('the dashboard is whole: every panel has a query, a place and a number of its own', () => {
    const { panels, uid } = JSON.parse(textOf('grafana/tributary.json'))
    expect(uid).toBe('tributary')
    const places = new Set<string>()
    for (const panel of panels) {
      expect(panel.targets.length, panel.title).toBeGreaterThan(0)
      for (const { expr } of panel.targets) expect(expr, panel.title).toMatch(/[a-z]/)
      places.add(`${panel.gridPos.x},${panel.gridPos.y}`)
    }
    expect(places.size).toBe(panels.length)
    expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length)
  })
})

describe('the production files', () => {
  test('set only variables that are read', () => {
    const known = new Set(Object.keys(environment.shape))
    const pattern =
      /\b((?:TRIBUTARY|LAKE|S3|AWS|TEMPORAL|BIRDEYE|HELIUS|WEBHOOK|API|METRICS|LOG)_[A-Z_]+)\b(?=:| *,|=)/g
    const set = ['kubernetes/tributary.yaml', 'Dockerfile'].flatMap((name) =>
      [...textOf(name).matchAll(pattern)].map(([, each = '']) => each),
    )
    const [composed = ''] = /x-environment:[\s\S]*?\n\n/.exec(textOf('compose.yaml')) ?? []
    set.push(...[...composed.matchAll(/^ {2}([A-Z0-9_]+):/gm)].map(([, each = '']) => each))
    expect(set.length).toBeGreaterThan(12)
    expect(set.filter((each) => !known.has(each))).toEqual([])
  })

  test('hold no secret, and run nothing as root', () => {
    for (const name of ['compose.yaml', 'kubernetes/tributary.yaml', 'env.example', 'Dockerfile']) {
      const secrets = textOf(name).matchAll(
        /(?:PASSWORD|PWD|TOKEN|SECRET_ACCESS_KEY|API_KEY|password)["']?[:=](?!\?) *(.*)$/gm,
      )
      for (const [line, value = ''] of secrets) expect(value, `${name}: ${line}`).toMatch(/^"?\$\{|^$/)
    }
    expect(
      textOf('Dockerfile')
        .match(/^USER .*/gm)
        ?.at(-1),
    ).toBe('USER node')
    expect(textOf('kubernetes/tributary.yaml').match(/runAsNonRoot: true/g)).toHaveLength(2)
    expect(textOf('kubernetes/tributary.yaml').match(/readOnlyRootFilesystem: true/g)).toHaveLength(2)
  })

  test('are reached from this machine alone', () => {
    const ports = [...textOf('compose.yaml').matchAll(/ports: \["([^"]+)"\]/g)].map(([, port = '']) => port)
    expect(ports.length).toBeGreaterThan(2)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  test('Kubernetes’ own schemas take the manifests', async (context) => {
    const { cacheDir } = loadConfig({ ...process.env, LAKE_CATALOG: undefined })
    const packages = await pythonPackages(path.join(cacheDir, 'python'), ['kubernetes-validate==1.37.0'])
    if (typeof packages === 'string') return context.skip(packages)
    const program = ['-m', 'kubernetes_validate', '--strict', path.join(deployFolder, 'kubernetes/tributary.yaml')]
    const { stdout, stderr } = await run('python3', program, { env: packages.env })
    expect((stdout + stderr).match(/ passed /g)).toHaveLength(8)
  }, 180_000)

  test.skipIf(!isThere('docker-compose'))(
    'docker-compose takes the compose file (Debian package docker-compose)',
    async () => {
      const names = [...textOf('env.example').matchAll(/^(\w+)=$/gm)].map(([, name = '']) => name)
      const env = { ...process.env, ...Object.fromEntries(names.map((name) => [name, 'x'.repeat(24)])) }
      const cwd = os.tmpdir()
      const file = path.join(deployFolder, 'compose.yaml')
      const { stdout } = await run('docker-compose', ['-f', file, 'config', '--services'], { env, cwd })
      expect(stdout.trim().split('\n').sort()).toEqual([
        'api',
        'catalog',
        'grafana',
        'prometheus',
        'store',
        'temporal',
        'temporal-database',
        'temporal-ui',
        'worker',
      ])
      await expect(
        run('docker-compose', ['-f', file, 'config'], { env: { PATH: process.env['PATH'] }, cwd }),
      ).rejects.toThrow(/set \w+/)
    },
    60_000,
  )
})

describe('what is downloaded', () => {
  test('every package has its hash, comes from the registry, and may run no script', () => {
    const { projectRoot } = loadConfig({})
    const { packages } = JSON.parse(readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8'))
    const found = Object.entries<Record<string, unknown>>(packages).filter(([name]) => name !== '')
    expect(found.length).toBeGreaterThan(200)
    for (const [name, { integrity, resolved, optional, os: systems, cpu }] of found) {
      if (resolved !== undefined) expect(resolved, name).toMatch(/^https:\/\/registry\.npmjs\.org\//)
      // Pinned by version alone are builds for machines that this lock file was not made on: see docs/security.md.
      const isElsewhere = optional === true && !(String(systems) === 'linux' && /^(x64|arm64)$/.test(String(cpu)))
      if (integrity === undefined) expect(isElsewhere || /musl/.test(name), name).toBe(true)
      else expect(integrity, name).toMatch(/^sha512-[\w+/]{86}==$/)
    }
    expect(readFileSync(path.join(projectRoot, 'infra/bootstrap.mjs'), 'utf8')).toContain("'ci', '--ignore-scripts'")
    const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'))
    for (const version of Object.values({ ...dependencies, ...devDependencies })) expect(version).toMatch(/^\d/)
  })
})
