/**
 * The histories of a block's subjects, gathered into the queries of a ranker: from memory, as lists or packed where there are many, or from
 * the model's file where there are too many for that. A read of the file costs a microsecond or two whatever its length, so neighbours are
 * read together: in input that follows the order of the users a block takes one or two reads; in any other order each subject takes one.
 */
import { openSync, readSync } from 'node:fs'
import type { UserEvents } from '../../filters/data.ts'
import type { QueryLists } from '../../inference/queries.ts'
import { unpackBits, WORD_BITS } from '../../lib/packedBits.ts'
import { Refusal } from '../../lib/refusal.ts'
import type { ItemLists } from '../../models/splits.ts'
import type { PackedHistories } from '../../recipes/packedHistories.ts'
import type { StoredHistories } from '../../recipes/storedHistories.ts'
import { HISTORY_GAP_ITEMS, HISTORY_READ_ITEMS } from './limits.ts'

export interface SubjectHistories {
  /** Whether there is one of that index, and it is not empty. */
  has(subject: number): boolean
  /** Events of one that there is. */
  count(subject: number): number
  /** The lists of subjects [0, count), which have one: of each its `newest` events. Valid until the next call. */
  gather(subjects: Int32Array, count: number, newest: number): QueryLists
}

/** Histories in any of their forms. */
export type KeptHistories = ItemLists | PackedHistories | StoredHistories

/** Histories as what a filter asks about: events without types. */
export function historiesAsEvents(histories: KeptHistories): UserEvents {
  const { offsets } = histories
  const untyped = { types: [], typeBits: 0, offsets }
  if ('packed' in histories) return { ...untyped, bits: histories.bits, codes: histories.packed }
  if ('file' in histories) {
    const words = offsets[offsets.length - 1]
    return { ...untyped, bits: WORD_BITS, codes: { ...histories.file, words } }
  }
  const { buffer, byteOffset, length } = histories.items
  return { ...untyped, bits: WORD_BITS, codes: new Uint32Array(buffer, byteOffset, length) }
}

/** `itemCount`: what the file claims beyond it is refused. */
export function openSubjectHistories(histories: KeptHistories, itemCount: number): SubjectHistories {
  const { offsets } = histories
  const lists = { offsets: new Uint32Array(1), items: new Int32Array(0) }
  const copy = copierOf(histories, itemCount)
  return {
    has: subject => subject >= 0 && offsets[subject] < offsets[subject + 1],
    count: subject => offsets[subject + 1] - offsets[subject],
    gather(subjects, count, newest) {
      if (count >= lists.offsets.length) lists.offsets = new Uint32Array(2 * count + 1)
      for (let q = 0; q < count; q++)
        lists.offsets[q + 1] = lists.offsets[q] + Math.min(newest, offsets[subjects[q] + 1] - offsets[subjects[q]])
      if (lists.offsets[count] > lists.items.length) lists.items = new Int32Array(2 * lists.offsets[count])
      copy(subjects, count, lists)
      return lists
    },
  }
}

/** Copies lists of subjects [0, count), the newest of their events, to where `lists.offsets` says. */
type Copier = (subjects: Int32Array, count: number, lists: { offsets: Uint32Array; items: Int32Array }) => void

function copierOf(histories: KeptHistories, itemCount: number): Copier {
  const { offsets } = histories
  if ('file' in histories) return fileCopier(histories, itemCount)
  if ('packed' in histories) {
    const { packed, bits } = histories
    return (subjects, count, lists) => {
      for (let q = 0; q < count; q++) {
        const length = lists.offsets[q + 1] - lists.offsets[q]
        const from = offsets[subjects[q] + 1] - length
        unpackBits(packed, bits, from * bits, lists.items, lists.offsets[q], length)
      }
    }
  }
  return (subjects, count, lists) => {
    const { items } = lists
    for (let q = 0; q < count; q++) {
      const end = lists.offsets[q + 1]
      let from = offsets[subjects[q] + 1] - (end - lists.offsets[q])
      // Most are short: a loop is faster than a call into the engine.
      for (let place = lists.offsets[q]; place < end; place++) items[place] = histories.items[from++]
    }
  }
}

/** The same from the file. */
function fileCopier({ offsets, file }: StoredHistories, itemCount: number): Copier {
  const descriptor = openSync(file.path, 'r')
  let order = new Int32Array(0)
  let window = new Int32Array(HISTORY_READ_ITEMS)

  const read = (from: number, to: number): void => {
    if (to - from > window.length) window = new Int32Array(to - from)
    const bytes = new Uint8Array(window.buffer, 0, 4 * (to - from))
    for (let filled = 0; filled < bytes.length; ) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, file.start + 4 * from + filled)
      if (got === 0) throw new Refusal('The histories of the model end before their last one.')
      filled += got
    }
  }

  return (subjects, count, lists) => {
    if (count > order.length) order = new Int32Array(2 * count)
    for (let q = 0; q < count; q++) order[q] = q
    order.subarray(0, count).sort((a, b) => subjects[a] - subjects[b])
    /** Of query q: the first event that is wanted. */
    const start = (q: number) => offsets[subjects[q] + 1] - (lists.offsets[q + 1] - lists.offsets[q])
    for (let first = 0; first < count; ) {
      const from = start(order[first])
      let end = offsets[subjects[order[first]] + 1]
      let next = first + 1
      for (; next < count; next++) {
        const subject = subjects[order[next]]
        if (start(order[next]) > end + HISTORY_GAP_ITEMS || offsets[subject + 1] - from > HISTORY_READ_ITEMS) break
        end = Math.max(end, offsets[subject + 1])
      }
      read(from, end)
      for (; first < next; first++) {
        const q = order[first]
        let at = start(q) - from
        for (let place = lists.offsets[q]; place < lists.offsets[q + 1]; place++) {
          const item = window[at++]
          if (!(item >= 0 && item < itemCount))
            throw new Refusal(`The histories of the model name the item ${item}, where the model has ${itemCount}.`)
          lists.items[place] = item
        }
      }
    }
  }
}
