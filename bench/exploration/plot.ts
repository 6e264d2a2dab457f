/** The measured points as a drawing, SVG by hand: no library, the same bytes for the same points. */
export interface Point {
  readonly weight: number
  /** For each person asked. */
  readonly hitsOld: number
  readonly hitsNew: number
  readonly shown: number
  /** Share of the new items that somebody was shown. */
  readonly seen: number
}

const WIDTH = 640
const PANEL = 170
const LEFT = 60
const RIGHT = 150
const TOP = 30
const GAP = 50

interface Line {
  readonly name: string
  readonly colour: string
  readonly measureOf: (point: Point) => number
}

const panels: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: 'hits in a list of 25, for each person',
    lines: [
      { name: 'old films', colour: '#3465a4', measureOf: point => point.hitsOld },
      { name: 'new films', colour: '#cc5500', measureOf: point => point.hitsNew },
    ],
  },
  {
    title: 'share of the new films that somebody was shown',
    lines: [{ name: 'new films', colour: '#cc5500', measureOf: point => point.seen }],
  },
]

export function plot(points: readonly Point[]): string {
  const height = TOP + panels.length * (PANEL + GAP)
  const drawn = panels.map((panel, i) => drawPanel(panel, TOP + i * (PANEL + GAP), points))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n')
}

function drawPanel({ title, lines }: (typeof panels)[number], top: number, points: readonly Point[]): string[] {
  const greatest = Math.max(...lines.flatMap(({ measureOf }) => points.map(measureOf)))
  const x = (weight: number) => LEFT + weight * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => top + PANEL * (1 - value / (greatest * 1.05))
  const ticks = [0, 0.5, 1].map(share => share * greatest)
  return [
    `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>`,
    ...ticks.flatMap(value => [
      `<line x1="${LEFT}" x2="${x(1)}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#dddddd"/>`,
      `<text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(2)}</text>`,
    ]),
    ...points.map(
      ({ weight }) => `<text x="${x(weight).toFixed(1)}" y="${top + PANEL + 16}" text-anchor="middle">${weight}</text>`,
    ),
    `<text x="${x(1) + 20}" y="${top + PANEL + 16}">explorationWeight</text>`,
    ...lines.flatMap(({ name, colour, measureOf }) => {
      const places = points.map(point => `${x(point.weight).toFixed(1)},${y(measureOf(point)).toFixed(1)}`)
      const end = y(measureOf(points[points.length - 1]))
      return [
        `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...places.map(
          place => `<circle cx="${place.split(',')[0]}" cy="${place.split(',')[1]}" r="3" fill="${colour}"/>`,
        ),
        `<text x="${x(1) + 8}" y="${(end + 4).toFixed(1)}" fill="${colour}">${name}</text>`,
      ]
    }),
  ]
}
