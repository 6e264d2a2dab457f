/**
 * The CSV dialect of an import, one line at a time: the plain twin of DuckDB's reader, which says in words what is wrong with a line.
 *
 *   comma between fields; a field may be quoted with ", with a space before and spaces behind, which are skipped; inside quotes \ takes
 *   the next character as it is ("" does not stand for a quote); an unquoted field is taken as it is, spaces, quotes and backslashes
 *   included; an empty field, quoted or not, is null; one record is one line.
 *
 * Source: spec/datasets-schemas.md §3; the corners (what may surround quotes) are DuckDB's, and test/datasets/csvRecord.test.ts compares.
 */

export interface CsvFault {
  /** Of the field, from 0. */
  readonly field: number
  readonly fault: string
}

/** The fields of a line without its line ending. */
export function parseRecord(line: string): (string | null)[] | CsvFault {
  const fields: (string | null)[] = []
  let at = 0
  for (;;) {
    const quote = line[at] === ' ' ? at + 1 : at
    let value: string
    if (line[quote] === '"') {
      const end = closingQuote(line, quote + 1)
      if (end < 0) return { field: fields.length, fault: 'a value whose closing quote is missing on its line' }
      value = line.slice(quote + 1, end).replaceAll(/\\(.)/gs, '$1')
      at = skipSpaces(line, end + 1)
      if (at < line.length && line[at] !== ',')
        return { field: fields.length, fault: 'text after a closing quote (inside quotes, a quote is written \\")' }
    } else {
      const comma = line.indexOf(',', at)
      value = line.slice(at, comma < 0 ? line.length : comma)
      at += value.length
    }
    fields.push(value === '' ? null : value)
    if (at === line.length) return fields
    at++
  }
}

function skipSpaces(line: string, at: number): number {
  while (line[at] === ' ') at++
  return at
}

function closingQuote(line: string, at: number): number {
  for (; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === '"') return at
  }
  return -1
}
