/** What the self-test runs assembly/codes.ts on: numbers of every width from every bit of a word, with types and without, that name rows and that are looked up. */
import { packBits, packedWords, WORD_BITS } from '../lib/packedBits.ts'
import type { Random } from '../lib/random.ts'
import type { Arena } from './arena.ts'
import * as at from './codeParameters.ts'
import type { Case, Step } from './selfTestCases.ts'

const COUNT = 70
/** So many of what numbers name have a row or none; numbers beyond name nothing. */
const ROW_OF_COUNT = 100
const TYPE_BITS = [0, 1, 3]

export function codeCase(arena: Arena, random: Random): Case {
  const rowOf = arena.reserveI32(ROW_OF_COUNT + 1)
  for (let item = 0; item < ROW_OF_COUNT; item++) rowOf.view[item] = random.below(4) === 0 ? -1 : random.below(1e6)
  rowOf.view[ROW_OF_COUNT] = -1
  const steps: Step[] = []
  for (let bits = 1; bits <= WORD_BITS; bits++) {
    const words = arena.reserveU32(packedWords(COUNT, bits) + 1)
    words.view.set(
      packBits(
        Uint32Array.from({ length: COUNT }, () => random.below(2 ** bits)),
        bits,
      ),
    )
    const typeBits = TYPE_BITS[bits % TYPE_BITS.length]
    const wanted = arena.reserveU8(2 ** typeBits)
    for (let type = 0; type < wanted.view.length; type++) wanted.view[type] = random.below(2)
    const { ptr: params, view: block } = arena.reserveU32(at.CODES_PARAMETERS)
    const skipped = random.below(5)
    block[at.CODES_WORDS] = words.ptr
    block[at.CODES_BIT] = skipped * bits
    block[at.CODES_COUNT] = bits === WORD_BITS ? 0 : COUNT - skipped
    block[at.CODES_BITS] = bits
    block[at.CODES_TYPE_BITS] = typeBits
    block[at.CODES_WANTED] = wanted.ptr
    block[at.CODES_ROW_OF] = bits % 2 === 0 ? rowOf.ptr : 0
    block[at.CODES_ROW_OF_COUNT] = ROW_OF_COUNT
    block[at.CODES_ROWS] = arena.reserveI32(COUNT).ptr
    steps.push({ kernel: 'unpackCodes', params, tasks: 1 })
    // No numbers at all, then those of whole words.
    steps.push({ params, word: at.CODES_COUNT, value: COUNT - skipped })
    steps.push({ kernel: 'unpackCodes', params, tasks: 1 })
  }
  return { steps, scratch: [] }
}
