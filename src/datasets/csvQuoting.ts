/**
 * Which of the two ways to write a quote inside quotes an input uses: the first line that reads in one way only decides for all of its
 * objects, since one job's objects are written alike. A later line that reads in the other way only is a bad row. Where no line decides,
 * it is the specification's \", so what is written by the specification is always read by it.
 *
 * Most inputs need no decision: read without any escape (csvReader.ts) and found to have no backslash, they mean the same either way.
 */
import type { WorkControl } from '../lib/work.ts'
import { formatAddress, type ObjectStore } from '../objects/objectStore.ts'
import { eachLine, textOf } from './csvLines.ts'
import { parseRow, type Quoting } from './csvRecord.ts'
import { LINE_BYTES_MAX } from './limits.ts'
import type { InputObject } from './source.ts'

export interface FoundQuoting {
  readonly quoting: Quoting
  /** The line that decided, as `s3://bucket/key line 7`. */
  readonly decidedBy: string | undefined
  /** Whether some line cannot be read so. DuckDB is more lenient: read only where this is false. */
  readonly faulty: boolean
}

const QUOTE = 0x22

export async function findQuoting(
  objects: ObjectStore,
  inputs: readonly InputObject[],
  { signal, progress }: WorkControl,
): Promise<FoundQuoting> {
  const total = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  const misfits = { backslash: 0, doubled: 0 }
  let decided: { readonly quoting: Quoting; readonly by: string } | undefined
  let done = 0
  for (const { address, bytes, layout } of inputs) {
    const stream = await objects.read(address, { signal })
    const fits = (text: string, quoting: Quoting) => Array.isArray(parseRow(text, layout.columns.length, quoting))
    await eachLine(
      stream,
      read => progress({ stage: 'import: looking at quotes', done: done + read, total, unit: 'bytes' }),
      (line, number) => {
        // Without quotes both ways are one. What is too long is told by badRows.ts.
        if (!line.includes(QUOTE) || line.length > LINE_BYTES_MAX) return
        const text = textOf(line, number)
        const backslash = fits(text, 'backslash')
        const doubled = fits(text, 'doubled')
        if (!backslash) misfits.backslash++
        if (!doubled) misfits.doubled++
        if (backslash !== doubled)
          decided ??= {
            quoting: backslash ? 'backslash' : 'doubled',
            by: `${formatAddress(address)} line ${number}`,
          }
      },
    )
    done += bytes
  }
  const quoting = decided?.quoting ?? 'backslash'
  return { quoting, decidedBy: decided?.by, faulty: misfits[quoting] > 0 }
}
