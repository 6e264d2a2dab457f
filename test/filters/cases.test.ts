/** Every case of cases/*.json: an expression, a request, and who passes; or what is wrong with it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FilterError } from '../../src/filters/filterError.ts'
import { compiledPasses, naivePasses, type Request, readWorld } from './sample.ts'

interface Case extends Request {
  readonly why?: string
  readonly expression: string
  readonly passes?: readonly string[]
  readonly error?: { readonly code: string; readonly message: string; readonly position: number }
}

const folder = new URL('cases/', import.meta.url)
const files = readdirSync(folder).sort()
let count = 0

for (const file of files) {
  const { about, data, cases }: { about: string; data: string; cases: Case[] } = JSON.parse(
    readFileSync(new URL(file, folder), 'utf8'),
  )
  count += cases.length
  const world = readWorld(data)
  test(`${file}: ${about}`, () => {
    for (const { expression, passes, error, ...request } of cases) {
      const named = JSON.stringify({ expression, ...request })
      if (error)
        assert.deepEqual(
          failureOf(() => compiledPasses(expression, world, request)),
          error,
          named,
        )
      else {
        assert.deepEqual(compiledPasses(expression, world, request), passes, named)
        assert.deepEqual(naivePasses(expression, world, request), passes, `the twin: ${named}`)
      }
    }
  })
}

test('there are at least 300 cases', () => assert.ok(count >= 300, String(count)))

function failureOf(run: () => unknown): unknown {
  try {
    return { passes: run() }
  } catch (error) {
    assert.ok(error instanceof FilterError, String(error))
    return { code: error.code, message: error.message, position: error.position }
  }
}
