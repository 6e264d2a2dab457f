/** Sets of rows as bits: row r is bit r mod 32 of word r / 32. The bits beyond the last row are always 0. */

export type Bitset = Uint32Array

const wordCount = (rows: number): number => Math.ceil(rows / 32)

export const emptySet = (rows: number): Bitset => new Uint32Array(wordCount(rows))

/** On shared memory, for threads. */
export const sharedSet = (rows: number): Bitset => new Uint32Array(new SharedArrayBuffer(4 * wordCount(rows)))

export function fullSet(rows: number): Bitset {
  const set = emptySet(rows).fill(0xffffffff)
  trim(set, rows)
  return set
}

export const has = (set: Bitset, row: number): boolean => ((set[row >>> 5] >>> (row & 31)) & 1) === 1

export function add(set: Bitset, row: number): void {
  set[row >>> 5] |= 1 << (row & 31)
}

export function remove(set: Bitset, row: number): void {
  set[row >>> 5] &= ~(1 << (row & 31))
}

/** Into the first; the same for the others. */
export function unite(into: Bitset, other: Bitset): void {
  for (let word = 0; word < into.length; word++) into[word] |= other[word]
}

/** The first with the second in it; where there is none, a copy of the second. */
export function united(set: Bitset | undefined, more: Bitset): Bitset {
  if (set === undefined) return more.slice()
  unite(set, more)
  return set
}

export function intersect(into: Bitset, other: Bitset): void {
  for (let word = 0; word < into.length; word++) into[word] &= other[word]
}

export function subtract(into: Bitset, other: Bitset): void {
  for (let word = 0; word < into.length; word++) into[word] &= ~other[word]
}

/** Those that were not in it. */
export function invert(set: Bitset, rows: number): void {
  for (let word = 0; word < set.length; word++) set[word] = ~set[word]
  trim(set, rows)
}

/** The first `limit` rows in it, ascending. */
export function firstRows(set: Bitset, limit: number): number[] {
  const rows: number[] = []
  for (let word = 0; word < set.length && rows.length < limit; word++)
    for (let bits = set[word]; bits !== 0 && rows.length < limit; bits &= bits - 1)
      rows.push(32 * word + 31 - Math.clz32(bits & -bits))
  return rows
}

function trim(set: Bitset, rows: number): void {
  if (rows % 32 !== 0) set[set.length - 1] &= 2 ** (rows % 32) - 1
}
