/**
 * Where a record names what lies in the artifacts bucket: keys of imported parts, `imports/17-1/part-00000.parquet`, and prefixes of models,
 * `models/18-1/`. They are found by their form, wherever they stand, so that whoever keeps one need not say so anywhere else. With the parts of a
 * dataset it names what has been made of them for filters, `events/v…-all/`.
 */
import { dataVersion } from '../datasets/dataVersion.ts'
import type { ImportedData } from '../resources/types.ts'

const NAME = /^(?:imports|models)\/\d+-\d+\//

/** Every name in a value that is JSON. */
export function artifactNames(value: unknown): string[] {
  if (typeof value === 'string') return NAME.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(artifactNames)
}

/** The versions (datasets/dataVersion.ts) of all lists of imports in a value that is JSON. */
export function dataVersions(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value) && value.length > 0 && value.every(isImport)) return [dataVersion(value)]
  return Object.values(value).flatMap(dataVersions)
}

export interface Renaming {
  /** Parts that were written anew, with as many rows less; without a key: none was left. */
  readonly parts: ReadonlyMap<string, { readonly key: string | undefined; readonly removedCount: number }>
  readonly models: ReadonlyMap<string, string>
}

/** The value with the new names; an import of which nothing is left goes. The value itself when it has none of the old ones. */
export function withNewNames<T>(value: T, renaming: Renaming): T {
  const names = artifactNames(value)
  return names.some(name => renaming.parts.has(name) || renaming.models.has(name))
    ? (renamed(value, renaming) as T)
    : value
}

function renamed(value: unknown, renaming: Renaming): unknown {
  if (typeof value === 'string') return renaming.models.get(value) ?? value
  if (Array.isArray(value)) return value.map(each => renamed(each, renaming)).filter(each => each !== undefined)
  if (typeof value !== 'object' || value === null) return value
  if (isImport(value)) return renamedImport(value, renaming)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, renamed(each, renaming)]))
}

const isImport = (value: unknown): value is ImportedData =>
  typeof value === 'object' &&
  value !== null &&
  'parts' in value &&
  Array.isArray(value.parts) &&
  'rowCount' in value &&
  typeof value.rowCount === 'number'

function renamedImport(value: ImportedData, { parts }: Renaming): ImportedData | undefined {
  const removedCount = value.parts.reduce((sum, part) => sum + (parts.get(part)?.removedCount ?? 0), 0)
  const left = value.parts.flatMap(part => {
    const now = parts.get(part)
    return now ? (now.key ?? []) : part
  })
  return left.length === 0 ? undefined : { ...value, parts: left, rowCount: value.rowCount - removedCount }
}
