/** The tables of a report in bench/results: what pages draw is what was kept, and nothing else. */
import { readFileSync } from 'node:fs'
import { assert } from '../../src/lib/assert.ts'

/** Rows by the names of their columns. */
export type Table = readonly Readonly<Record<string, string>>[]

/** The first table of bench/results/<report>.md that has all these columns; of no rows when there is none. */
export function tableOf(report: string, columns: readonly string[]): Table {
  const lines = readFileSync(new URL(`../results/${report}.md`, import.meta.url), 'utf8').split('\n')
  const cellsOf = (line: string) =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim())
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith('|') || !/^\|[\s:|-]+\|$/.test(lines[at + 1] ?? '')) continue
    const names = cellsOf(line)
    if (!columns.every(column => names.includes(column))) continue
    const rows = lines.slice(at + 2)
    const end = rows.findIndex(row => !row.startsWith('|'))
    return rows
      .slice(0, end < 0 ? rows.length : end)
      .map(row => Object.fromEntries(cellsOf(row).map((cell, i) => [names[i], cell])))
  }
  return []
}

/** The number that a cell begins with, its thousands separated or not. */
export function numberIn(cell: string | undefined): number {
  const value = Number.parseFloat((cell ?? '').replaceAll(',', ''))
  assert(Number.isFinite(value), `'${cell}' does not begin with a number`)
  return value
}
