import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { selfTest } from '../../src/kernels/selfTest.ts'

const program = `import { selfTest } from ${JSON.stringify(new URL('../../src/kernels/selfTest.ts', import.meta.url).href)}
console.log(JSON.stringify(selfTest()))`

test('every kernel equals its plain twin, bit for bit', () => {
  const { identical, differing } = selfTest()
  assert.deepEqual(differing, [])
  assert.equal(identical, true)
})

for (const flags of [['--experimental-wasm-revectorize', '--no-wasm-dynamic-tiering'], ['--liftoff-only']])
  test(`the kernels do not change with ${flags.join(' ')}`, () => {
    const output = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program], {
      encoding: 'utf8',
    })
    assert.deepEqual(JSON.parse(output), selfTest())
  })
