/**
 * The CSV dialect of an import, one line at a time: the plain twin of DuckDB's reader, which says in words what is wrong with a line.
 *
 *   comma between fields; a field may be quoted with ", with a space before and spaces behind, which are skipped; an unquoted field is
 *   taken as it is, spaces, quotes and backslashes included; an empty field, quoted or not, is null; one record is one line.
 *
 * A quote inside quotes is written in one of two ways, the same way in all of the input (csvQuoting.ts):
 *
 *   backslash   \" and \\ stand for " and \, and a backslash stands before nothing else
 *   doubled     "" stands for ", and a backslash is a character like any other
 *
 * Source: spec/datasets-schemas.md §3 for `backslash`; RFC 4180 §2.7 for `doubled`, which Excel, pandas and Python's csv write. The corners
 * (what may surround quotes) are DuckDB's, and test/datasets/csvRecord.test.ts compares.
 */

export type Quoting = 'backslash' | 'doubled'

/** As it is written. */
export const QUOTE_INSIDE: Readonly<Record<Quoting, string>> = { backslash: '\\"', doubled: '""' }

export interface CsvFault {
  /** Of the field, from 0. */
  readonly field: number
  readonly fault: string
}

interface Field {
  readonly text: string
  readonly quoted: boolean
}

/** The fields of a line without its line ending. */
export function parseRecord(line: string, quoting: Quoting): (string | null)[] | CsvFault {
  const fields = split(line, quoting)
  return Array.isArray(fields) ? fields.map(({ text }) => (text === '' ? null : text)) : fields
}

/** The fields of a line below the header line; empty ones beyond the header's columns are passed over. */
export function parseRow(line: string, columnCount: number, quoting: Quoting): (string | null)[] | CsvFault {
  const record = parseRecord(line, quoting)
  if (!Array.isArray(record)) return record
  if (record.length < columnCount || record.slice(columnCount).some(field => field !== null))
    return { field: columnCount, fault: `${record.length} fields, where the header line has ${columnCount}` }
  return record
}

/** The names in a header line, without the spaces around those that are not quoted. Names have no quotes in them: either way will do. */
export function parseHeader(line: string): string[] | CsvFault {
  const escaped = split(line, 'backslash')
  const fields = Array.isArray(escaped) ? escaped : split(line, 'doubled')
  return Array.isArray(fields) ? fields.map(({ text, quoted }) => (quoted ? text : trimSpaces(text))) : fields
}

function split(line: string, quoting: Quoting): Field[] | CsvFault {
  const fields: Field[] = []
  let at = 0
  for (;;) {
    const quote = line[at] === ' ' ? at + 1 : at
    if (line[quote] === '"') {
      const end = closingQuote(line, quote + 1, quoting)
      if (typeof end === 'string') return { field: fields.length, fault: end }
      fields.push({ text: withoutEscapes(line.slice(quote + 1, end), quoting), quoted: true })
      at = skipSpaces(line, end + 1)
      if (at < line.length && line[at] !== ',')
        return {
          field: fields.length - 1,
          fault: 'text after a closing quote (inside quotes, a quote is written \\" or "")',
        }
    } else {
      const comma = line.indexOf(',', at)
      const text = line.slice(at, comma < 0 ? line.length : comma)
      fields.push({ text, quoted: false })
      at += text.length
    }
    if (at === line.length) return fields
    at++
  }
}

function skipSpaces(line: string, at: number): number {
  while (line[at] === ' ') at++
  return at
}

/** Where the quotes end, or what is wrong inside them. */
function closingQuote(line: string, at: number, quoting: Quoting): number | string {
  for (; at < line.length; at++) {
    if (line[at] === '"') {
      if (quoting === 'backslash' || line[at + 1] !== '"') return at
      at++
    } else if (line[at] === '\\' && quoting === 'backslash' && at + 1 < line.length) {
      at++
      if (line[at] !== '"' && line[at] !== '\\')
        return 'a backslash inside quotes before neither a quote nor a backslash (\\\\ stands for a backslash)'
    }
  }
  return 'a value whose closing quote is missing on its line'
}

const withoutEscapes = (text: string, quoting: Quoting): string =>
  quoting === 'backslash' ? text.replaceAll(/\\(.)/gs, '$1') : text.replaceAll('""', '"')

function trimSpaces(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ') end--
  return text.slice(Math.min(skipSpaces(text, 0), end), end)
}
