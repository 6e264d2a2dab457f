/** The kernels are compiled anew whenever something they are made of is newer (scripts/buildKernels.mjs). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const assembly = join(root, 'assembly')

test('kernels take from outside their folder parameter blocks and generated tiles alone: the build looks at all of them', () => {
  const outside = readdirSync(assembly).flatMap(name =>
    [...readFileSync(join(assembly, name), 'utf8').matchAll(/from '(\.\.\/[^']+)'/g)].map(([, path]) => path),
  )
  assert.ok(outside.includes('../src/kernels/nearestParameters'))
  assert.deepEqual(
    outside.filter(path => !/^\.\.\/(src\/kernels\/\w*[pP]arameters|build\/assembly\/tiles?)$/.test(path)),
    [],
  )
})

test('a parameter block that is newer has the kernels compiled', t => {
  const copy = mkdtempSync(join(tmpdir(), 'sommelier-build-'))
  t.after(() => rmSync(copy, { recursive: true, force: true }))
  for (const part of ['assembly', 'scripts', 'src/kernels', 'build/kernels.wasm', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true, preserveTimestamps: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const builtAt = () => {
    execFileSync(process.execPath, ['scripts/buildKernels.mjs'], { cwd: copy })
    return statSync(join(copy, 'build/kernels.wasm')).mtimeMs
  }
  const first = builtAt()
  assert.equal(builtAt(), first)
  const later = new Date(Date.now() + 1000)
  utimesSync(join(copy, 'src/kernels/nearestParameters.ts'), later, later)
  assert.ok(builtAt() > first)
})
