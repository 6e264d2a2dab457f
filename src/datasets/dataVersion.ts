/** What a dataset holds, as a name. */
import { createHash } from 'node:crypto'
import type { ImportedParts } from './parts.ts'

/** Of so many digits none are met twice. */
const DIGITS = 32

/**
 * Equal for equal parts in the same order, and for nothing else: no key is ever written twice, so an import, a replacement and a deletion each
 * make another.
 */
export function dataVersion(imports: readonly ImportedParts[]): string {
  const parts = imports.flatMap(({ parts }) => parts)
  return `v${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, DIGITS)}`
}
