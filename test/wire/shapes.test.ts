/** Every declared shape against the interface model, member by member. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { services } from '../../src/api/index.ts'
import type { Shape } from '../../src/protocol/shape.ts'

const folder = process.env.SOMMELIER_SHARED ?? '../shared'
const path = join(folder, 'spec/api.json')
const absent = existsSync(path) ? false : `the interface model is not at ${path}; SOMMELIER_SHARED names its folder`

interface ModelShape {
  type: string
  required?: string[]
  members?: Record<string, string | { shape: string }>
  member?: string | { shape: string }
  key?: string | { shape: string }
  value?: string | { shape: string }
  min?: number
  max?: number
  pattern?: string
  enum?: string[]
  sensitive?: boolean
}

test('shapes and errors are those of the interface model', { skip: absent }, () => {
  const model = JSON.parse(readFileSync(path, 'utf8')).services.personalize
  const named = (reference: string | { shape: string } | undefined) =>
    typeof reference === 'object' ? reference.shape : reference
  const differences: string[] = []

  const compare = (shape: Shape<unknown>, name: string, at: string): void => {
    const expected: ModelShape = model.shapes[name]
    const { facts } = shape
    const same = (what: string, found: unknown, wanted: unknown) => {
      try {
        assert.deepEqual(found, wanted)
      } catch {
        differences.push(`${at} ${what}: ${JSON.stringify(found)} where the model has ${JSON.stringify(wanted)}`)
      }
    }
    same('type', shape.type, expected.type)
    for (const fact of ['min', 'max', 'pattern', 'enum', 'sensitive'] as const) same(fact, facts[fact], expected[fact])
    if (facts.members) {
      same('members', Object.keys(facts.members).sort(), Object.keys(expected.members ?? {}).sort())
      const required = Object.entries(facts.members).filter(([, member]) => member.required)
      same('required', required.map(([member]) => member).sort(), (expected.required ?? []).sort())
      for (const [member, { shape: of }] of Object.entries(facts.members)) {
        const reference = named(expected.members?.[member])
        if (reference) compare(of, reference, `${at}.${member}`)
      }
    }
    if (facts.member) compare(facts.member, named(expected.member ?? expected.value)!, `${at}.member`)
    if (facts.key) compare(facts.key, named(expected.key)!, `${at}.key`)
  }

  const operations = services.find(({ targetPrefix }) => targetPrefix === model.metadata.targetPrefix)!.operations
  const names = operations.map(({ name }) => name)
  assert.deepEqual(names.sort(), Object.keys(model.operations).sort(), 'every operation of the model is declared')
  for (const operation of operations) {
    const expected = model.operations[operation.name]
    assert.ok(expected, `the model has no operation ${operation.name}`)
    compare(operation.input, expected.input, `${operation.name}.input`)
    assert.equal(operation.output === undefined, expected.output === undefined || expected.output === null)
    if (operation.output) compare(operation.output, expected.output, `${operation.name}.output`)
    assert.deepEqual([...operation.errors].sort(), [...expected.errors].sort(), `${operation.name} errors`)
  }
  assert.deepEqual(differences, [])
})
