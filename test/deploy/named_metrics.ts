import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const deployFolder = fileURLToPath(new URL('../../infra/deploy', import.meta.url))

/** The metrics that the alert rules and the dashboard name, histograms without their series' endings. */
export const namedMetrics = (): string[] => {
  const texts = ['prometheus/rules.yaml', 'grafana/tributary.json'].map((name) =>
    readFileSync(path.join(deployFolder, name), 'utf8'),
  )
  const names = texts.join('\n').match(/\b(?:tributary|temporal|process|nodejs)_[a-z0-9_]+/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_(bucket|count|sum)$/, '')))].sort()
}
