import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { loadConfig } from '../../infra/config.js'

export interface CompiledQueryProgram {
  readonly program: URL
  remove(): Promise<void>
}

/** Compiles the program that queries run in: a process of its own cannot run the sources. Below the checkout, where it finds its packages. */
export const compileQueryProgram = async (): Promise<CompiledQueryProgram> => {
  const { projectRoot } = loadConfig({})
  const modules = path.join(projectRoot, 'node_modules')
  const folder = await mkdtemp(path.join(modules, '.query-'))
  const kind = ['--ignoreConfig', '--noCheck', '--module', 'nodenext', '--target', 'es2022', '--rootDir', '.']
  const program = path.join('infra', 'lake', 'query_process')
  const compiler = path.join(modules, '.bin', 'tsc')
  await promisify(execFile)(compiler, [...kind, '--outDir', folder, `${program}.ts`], { cwd: projectRoot })
  return {
    program: pathToFileURL(path.join(folder, `${program}.js`)),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
