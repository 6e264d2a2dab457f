/**
 * dist/: what the published package holds. Node does not strip types inside node_modules, so the package carries JavaScript; a clone runs
 * from src/ and never needs this. `npm run build`, and before `npm pack` by itself.
 *
 *   dist/main.js …        tsc's output, module for module; main.js is the command `sommelier`
 *   dist/kernels.wasm     the compiled kernels (build/kernels.wasm for the sources)
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const SHEBANG = '#!/usr/bin/env node\n'

rmSync(dist, { recursive: true, force: true })
const options = { cwd: root, stdio: ['ignore', 2, 2] }
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], options)
if (status !== 0) {
  process.stderr.write('tsc found errors: dist/ is not whole.\n')
  process.exit(1)
}
copyFileSync(join(root, 'build/kernels.wasm'), join(dist, 'kernels.wasm'))
const main = join(dist, 'main.js')
const script = readFileSync(main, 'utf8')
writeFileSync(main, script.startsWith(SHEBANG) ? script : SHEBANG + script)
chmodSync(main, 0o755)
