/**
 * What the reference says of a request that breaks the rules of its shape: a second, independent reading of the same facts as
 * src/protocol/shape.ts, written as one walk. Sentences as AWS words them.
 */
import type { Shape } from '../../src/protocol/shape.ts'

type AnyShape = Shape<unknown>

/** The whole answer: the exception's name and its message; undefined: the request may pass. */
export interface Expected {
  readonly name: string
  readonly message: string
}

class WrongType extends Error {}

/** The article of the type in a sentence. */
const typeWords: Record<AnyShape['type'], string> = {
  string: 'a String',
  integer: 'an Integer',
  double: 'a Double',
  boolean: 'a Boolean',
  timestamp: 'a Timestamp',
  list: 'a List',
  map: 'a Map',
  structure: 'a Structure',
}

export function expectedRefusal(shape: AnyShape, input: unknown): Expected | undefined {
  try {
    const found = violations(shape, input, '')
    if (found.length === 0) return undefined
    const count = found.length === 1 ? '1 validation error' : `${found.length} validation errors`
    return { name: 'InvalidInputException', message: `${count} detected: ${found.join('; ')}` }
  } catch (error) {
    if (error instanceof WrongType) return { name: 'SerializationException', message: error.message }
    throw error
  }
}

function violations(shape: AnyShape, value: unknown, path: string): string[] {
  const { type, facts } = shape
  if (!hasType(type, value))
    throw new WrongType(`${notConvertible(value, typeWords[type])}: '${path}' takes ${typeWords[type]}.`)
  const found: string[] = []
  const broken = (constraint: string) =>
    found.push(`Value ${quoted(shape, value)} at '${path}' failed to satisfy constraint: Member must ${constraint}`)
  const size = sizeOf(value)
  const noun = type === 'integer' || type === 'double' ? 'value' : 'length'
  if (facts.max !== undefined && size > facts.max) broken(`have ${noun} less than or equal to ${facts.max}`)
  if (facts.min !== undefined && size < facts.min) broken(`have ${noun} greater than or equal to ${facts.min}`)
  if (facts.pattern !== undefined && !new RegExp(`^(?:${facts.pattern})$`, 'u').test(value as string)) {
    broken(`satisfy regular expression pattern: ${facts.pattern}`)
  }
  if (facts.enum && !facts.enum.includes(value as string)) broken(`satisfy enum value set: [${facts.enum.join(', ')}]`)
  return [...found, ...violationsInside(shape, value, path)]
}

function violationsInside({ type, facts }: AnyShape, value: unknown, path: string): string[] {
  const { max = Number.POSITIVE_INFINITY } = facts
  if (type === 'structure') {
    const given = new Map(Object.entries(value as object))
    return Object.entries(facts.members!).flatMap(([name, member]) => {
      const at = path === '' ? name : `${path}.${name}`
      const each = given.get(name) ?? null
      if (each !== null) return violations(member.shape, each, at)
      return member.required ? [`Value null at '${at}' failed to satisfy constraint: Member must not be null`] : []
    })
  }
  if (type === 'list') {
    const each = (value as unknown[]).slice(0, max)
    return each.flatMap((item, i) => violations(facts.member!, item, `${path}.${i + 1}.member`))
  }
  if (type === 'map') {
    const entries = Object.entries(value as object).slice(0, max)
    return entries.flatMap(([name, item]) => [
      ...violations(facts.key!, name, `${path}.key`),
      ...violations(facts.member!, item, `${path}.${name}.member`),
    ])
  }
  return []
}

function hasType(type: AnyShape['type'], value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'integer':
      return typeof value === 'number' && (value | 0) === value
    case 'double':
    case 'timestamp':
      return typeof value === 'number' && Math.abs(value) <= Number.MAX_VALUE
    case 'list':
      return Array.isArray(value)
    default:
      return Object.prototype.toString.call(value) === '[object Object]'
  }
}

function notConvertible(value: unknown, to: string): string {
  if (Array.isArray(value)) return 'Start of list found where not expected'
  if (value !== null && typeof value === 'object') return 'Start of structure or map found where not expected'
  const words = { string: 'STRING', number: 'NUMBER', boolean: value ? 'TRUE' : 'FALSE' } as Record<string, string>
  return `${words[typeof value] ?? 'NULL'}_VALUE can not be converted to ${to}`
}

const sizeOf = (value: unknown): number => {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return Array.from(value).length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** At most 300 characters of it, and none of what is sensitive. */
function quoted(shape: AnyShape, value: unknown): string {
  if (isSensitive(shape)) return "'***'"
  const characters = Array.from(typeof value === 'object' ? JSON.stringify(value) : String(value))
  return characters.length > 300 ? `'${characters.slice(0, 300).join('')}…'` : `'${characters.join('')}'`
}

function isSensitive({ facts }: AnyShape): boolean {
  const inner = [facts.member, facts.key, ...Object.values(facts.members ?? {}).map(({ shape }) => shape)]
  return facts.sensitive === true || inner.some(shape => shape !== undefined && isSensitive(shape))
}
