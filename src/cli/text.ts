/** Numbers, durations, tables and bars as a person reads them. Pure: values in, text out. */
import type { Io, Terminal } from './io.ts'

const number = new Intl.NumberFormat('en-US')

/** 1234567 → '1,234,567'. */
export const count = (value: number): string => number.format(Math.round(value))

/** Seconds in at most two units: '0.4 s', '42 s', '3 min 5 s', '2 h 40 min', '3 d 4 h'. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ]
  const first = units.findIndex(([, size]) => whole >= size)
  const [name, size] = units[first]
  const rest = units[first + 1]
  const remainder = rest ? Math.floor((whole % size) / rest[1]) : 0
  return `${Math.floor(whole / size)} ${name}${rest && remainder > 0 ? ` ${remainder} ${rest[0]}` : ''}`
}

/** Text from elsewhere (a file's words in a failure reason, say) must not steer the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

/** `share` in [0, 1] as `width` cells. */
export function bar(share: number, width: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** Eighths of a cell, from none (Unicode 1.1, Block Elements). */
const EIGHTHS = ' ▏▎▍▌▋▊▉'

/** `share` in [0, 1] of `width` cells, to an eighth of a cell, without a ground. */
export function fineBar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  return ('█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]).trimEnd()
}

/** Rows of equal length under a header, columns as wide as their widest cell; those named `right` hold numbers. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<string>,
): string[] {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => row[column].length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (right.has(header[column]) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd()
  return [line(header), ...rows.map(line)]
}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
}

/** Colours for people (ECMA-48, SGR); plain text for files, pipes and those who set NO_COLOR (no-color.org). */
export function styleOf(terminal: Terminal, env: Io['env']): Style {
  const on = terminal.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const sgr = (start: number, end: number) => (text: string) => (on ? `\x1b[${start}m${text}\x1b[${end}m` : text)
  return { bold: sgr(1, 22), dim: sgr(2, 22), green: sgr(32, 39), red: sgr(31, 39) }
}
