/**
 * Charts for reports and documents, as SVG written by hand: no library, and the same bytes for the same numbers. A drawing is panels one above the
 * other, each with a title and what its axes measure. Colours follow the reader's light or dark scheme, where SVG is shown as a picture as well.
 */

import { assert } from '../../src/lib/assert.ts'

/** Horizontal bars: a group for each row, a bar in it for each name of the legend that has a value there. */
export interface Bars {
  readonly kind: 'bars'
  readonly title: string
  /** What the bars measure, with its unit. */
  readonly axis: string
  readonly log?: boolean
  /** One bar for all of a row's values, one behind the other; not on a logarithmic axis. */
  readonly stacked?: boolean
  readonly legend: readonly string[]
  readonly rows: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[]
}

/** Points joined by lines. */
export interface Lines {
  readonly kind: 'lines'
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[]
}

interface Axis {
  /** What it measures, with its unit. */
  readonly title: string
  readonly log?: boolean
  /** Where it begins when it is not logarithmic: 0 unless said otherwise. */
  readonly from?: number
}

export type Panel = Bars | Lines

const WIDTH = 720
const TOP = 34
/** Below a panel: ticks, title of the axis, space. */
const BOTTOM = 56
const LEFT = { bars: 190, lines: 70 }
const RIGHT = { bars: 60, lines: 150 }
const LINES_HEIGHT = 190
const BAR = 13
const BETWEEN_ROWS = 9
const TICKS = 5
/** Of Okabe and Ito (2008), told apart by people who are colour-blind; the first two of each are the strongest. */
const COLOURS = {
  light: ['#0072b2', '#d55e00', '#009e73', '#a0609f', '#8a6d00', '#4b4b4b'],
  dark: ['#56b4e9', '#ff9448', '#2fc69b', '#d79bd0', '#f0e442', '#c8c8c8'],
}
const SCHEMES = {
  light: { paper: '#ffffff', ink: '#1f2328', grid: '#d8dee4' },
  dark: { paper: '#0d1117', ink: '#e6edf3', grid: '#343b44' },
}

/** The panels as one SVG file; `description` is what someone is told who cannot see it. */
export function drawing(description: string, panels: readonly Panel[]): string {
  let top = TOP
  const drawn = panels.flatMap(panel => {
    const height = panel.kind === 'bars' ? barsHeight(panel) : LINES_HEIGHT
    const body = panel.kind === 'bars' ? drawBars(panel, top, height) : drawLines(panel, top, height)
    top += height + BOTTOM + TOP
    return [text(12, top - height - BOTTOM - TOP - 12, panel.title, 'font-weight="bold" font-size="14"'), ...body]
  })
  const height = top - TOP
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(description)}</title>`,
    `<style>${rules('light')} @media (prefers-color-scheme: dark) { ${rules('dark')} }</style>`,
    `<rect width="${WIDTH}" height="${height}" class="paper"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

function rules(scheme: 'light' | 'dark'): string {
  const { paper, ink, grid } = SCHEMES[scheme]
  const colours = COLOURS[scheme].map((colour, i) => `.f${i} { fill: ${colour} } .s${i} { stroke: ${colour} }`)
  return `text { fill: ${ink} } .paper { fill: ${paper} } .grid { stroke: ${grid} } ${colours.join(' ')}`
}

const escaped = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const place = (value: number) => String(Number(value.toFixed(1)))
const text = (x: number, y: number, words: string, attributes = '') =>
  `<text x="${place(x)}" y="${place(y)}"${attributes && ` ${attributes}`}>${escaped(words)}</text>`

/** Three digits of what is below a thousand; above, with separators. */
export const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))

interface Scale {
  readonly ticks: readonly number[]
  /** 0 at the axis's beginning, 1 at its end. */
  readonly at: (value: number) => number
}

function scaleOf({ log, from }: Axis, values: readonly number[]): Scale {
  const greatest = Math.max(...values)
  if (log) {
    const low = Math.floor(Math.log10(Math.min(...values.filter(value => value > 0))))
    const high = Math.max(low + 1, Math.ceil(Math.log10(greatest)))
    const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
    return { ticks, at: value => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) }
  }
  const low = from ?? Math.min(0, ...values)
  const rough = (greatest - low || 1) / TICKS
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(factor => factor * unit).find(size => size >= rough * (1 - 1e-9)) ?? 10 * unit
  const first = Math.floor(low / step + 1e-9)
  const count = Math.max(1, Math.ceil(greatest / step - 1e-9) - first)
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
  return { ticks, at: value => (value - first * step) / (count * step) }
}

const barsIn = ({ stacked, legend }: Bars) => (stacked ? 1 : legend.length)
const barsHeight = (panel: Bars) => {
  const legend = panel.legend.length > 1 ? 18 : 0
  return legend + panel.rows.length * (barsIn(panel) * BAR + BETWEEN_ROWS) + BETWEEN_ROWS
}

function drawBars(panel: Bars, top: number, height: number): string[] {
  const { axis, log, stacked, legend, rows } = panel
  assert(rows.length > 0, `'${panel.title}' has nothing to show`)
  const known = (values: readonly (number | undefined)[]) => values.filter(value => value !== undefined)
  const sizes = rows.flatMap(({ values }) =>
    stacked ? [known(values).reduce((sum, value) => sum + value, 0)] : known(values),
  )
  const scale = scaleOf({ title: axis, ...(log && { log }) }, sizes)
  const x = (value: number) => LEFT.bars + scale.at(value) * (WIDTH - LEFT.bars - RIGHT.bars)
  const from = log ? LEFT.bars : x(0)
  const head = legend.length > 1 ? legendAt(legend, top + 8) : []
  let y = top + (legend.length > 1 ? 18 : 0) + BETWEEN_ROWS
  const bars = rows.flatMap(({ name, values }) => {
    const rowTop = y
    y += barsIn(panel) * BAR + BETWEEN_ROWS
    let behind = 0
    return [
      text(LEFT.bars - 8, rowTop + (barsIn(panel) * BAR) / 2 + 4, name, 'text-anchor="end"'),
      ...values.flatMap((value, i) => {
        if (value === undefined) return []
        const start = stacked ? x(behind) : Math.min(from, x(value))
        const end = stacked ? x(behind + value) : Math.max(from, x(value))
        const barTop = rowTop + (stacked ? 0 : i * BAR)
        behind += value
        const bar = `<rect x="${place(start)}" y="${place(barTop)}" width="${place(Math.max(end - start, 0.5))}" height="${BAR - 2}" class="f${i}"/>`
        return stacked ? [bar] : [bar, text(end + 4, barTop + BAR - 3, figure(value), 'font-size="11"')]
      }),
      ...(stacked ? [text(x(behind) + 4, rowTop + BAR - 3, figure(behind), 'font-size="11"')] : []),
    ]
  })
  return [...gridOf(scale, x, top, height), ...head, ...bars, ...titleBelow(axis, LEFT.bars, RIGHT.bars, top + height)]
}

function drawLines({ x: across, y: up, lines }: Lines, top: number, height: number): string[] {
  const points = lines.flatMap(line => line.points)
  const [scaleX, scaleY] = [
    scaleOf(
      across,
      points.map(([x]) => x),
    ),
    scaleOf(
      up,
      points.map(([, y]) => y),
    ),
  ]
  const right = WIDTH - RIGHT.lines
  const x = (value: number) => LEFT.lines + scaleX.at(value) * (right - LEFT.lines)
  const y = (value: number) => top + height * (1 - scaleY.at(value))
  const ends = spread(lines.map(line => y(line.points[line.points.length - 1][1])))
  return [
    ...gridOf(scaleX, x, top, height),
    ...scaleY.ticks.flatMap(value => [
      `<line x1="${LEFT.lines}" x2="${right}" y1="${place(y(value))}" y2="${place(y(value))}" class="grid"/>`,
      text(LEFT.lines - 6, y(value) + 4, figure(value), 'text-anchor="end"'),
    ]),
    `<text transform="translate(14 ${place(top + height / 2)}) rotate(-90)" text-anchor="middle">${escaped(up.title)}</text>`,
    ...lines.flatMap(({ name, points }, i) => [
      `<polyline points="${points.map(([a, b]) => `${place(x(a))},${place(y(b))}`).join(' ')}" fill="none" class="s${i}" stroke-width="2"/>`,
      ...points.map(([a, b]) => `<circle cx="${place(x(a))}" cy="${place(y(b))}" r="3" class="f${i}"/>`),
      `<rect x="${right + 8}" y="${place(ends[i] - 5)}" width="10" height="10" class="f${i}"/>`,
      text(right + 23, ends[i] + 4, name),
    ]),
    ...titleBelow(across.title, LEFT.lines, RIGHT.lines, top + height),
  ]
}

/** Places moved down where they would lie on one another. */
function spread(places: readonly number[]): number[] {
  const moved = [...places]
  let last = Number.NEGATIVE_INFINITY
  for (const i of places.map((_, i) => i).sort((a, b) => places[a] - places[b]))
    last = moved[i] = Math.max(places[i], last + 16)
  return moved
}

const gridOf = ({ ticks }: Scale, x: (value: number) => number, top: number, height: number): string[] =>
  ticks.flatMap(value => [
    `<line x1="${place(x(value))}" x2="${place(x(value))}" y1="${place(top)}" y2="${place(top + height)}" class="grid"/>`,
    text(x(value), top + height + 16, figure(value), 'text-anchor="middle"'),
  ])

const titleBelow = (title: string, left: number, right: number, bottom: number): string[] => [
  text((left + WIDTH - right) / 2, bottom + 34, title, 'text-anchor="middle"'),
]

/** About six pixels a letter: a legend need not be exact. */
function legendAt(names: readonly string[], y: number): string[] {
  let x = LEFT.bars
  return names.flatMap((name, i) => {
    const at = x
    x += 30 + 6.5 * name.length
    return [`<rect x="${place(at)}" y="${place(y - 9)}" width="10" height="10" class="f${i}"/>`, text(at + 15, y, name)]
  })
}
