/** The hash of an id's bytes and where it leads in a table of any size; assembly/ids.ts has the same. */

/** FNV-1a, 32 bits, finished with MurmurHash3's mixer because FNV's low bits alone are weak on counting ids. Public domain, both. */
export function idHash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** ⌊hash · slotCount / 2³²⌋ (Lemire 2019, "Fast random integer generation in an interval"), in two halves that float64 holds exactly. */
export const slotOf = (hash: number, slotCount: number): number =>
  Math.floor(((hash >>> 16) * slotCount + Math.floor(((hash & 0xffff) * slotCount) / 65536)) / 65536)
