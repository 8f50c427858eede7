import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode } from '@temporalio/worker'
import { bundlePath } from './bundle_path.js'
import { codeVersionPath } from './code_version.js'
import { domains } from './domains.js'

/** A step of the build: bundles each domain's workflows, and names the code by its content. */
const built = fileURLToPath(new URL('..', import.meta.url))
const folders = ['activities', 'infra', 'schemas', 'worker', 'workflows']

const hashOfCode = async (): Promise<string> => {
  const hash = createHash('sha256')
  for (const folder of folders) {
    const names = await readdir(path.join(built, folder), { recursive: true })
    for (const name of names.filter((each) => each.endsWith('.js')).sort()) {
      hash.update(name).update(await readFile(path.join(built, folder, name)))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

await mkdir(path.dirname(codeVersionPath), { recursive: true })
for (const { domain } of domains) {
  const workflowsPath = path.join(built, 'workflows', domain.name, 'index.js')
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [path.join(built, 'workflows', 'run_watch.js')],
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.error, error: console.error },
  })
  await writeFile(bundlePath(domain.name), code)
}
const manifest: { version: string } = JSON.parse(await readFile(path.join(built, '..', 'package.json'), 'utf8'))
await writeFile(codeVersionPath, `${manifest.version}+${await hashOfCode()}\n`)
