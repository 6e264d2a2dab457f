/** docs/guides/exploration.svg */
import { drawing } from '../lib/chart.ts'
import { numberIn, tableOf } from '../lib/tables.ts'

const ROW = 'explorationWeight'
const [OLD, NEW, SEEN] = ['hits on old films', 'hits on new films', 'new films that somebody saw']

export function exploration(): string {
  const table = tableOf('exploration', [ROW, OLD, NEW, SEEN])
  const line = (name: string, column: string) => ({
    name,
    points: table.map(row => [numberIn(row[ROW]), numberIn(row[column])] as const),
  })
  return drawing(
    'Hits on old and new films, and the share of the new films that somebody was shown, by explorationWeight',
    [
      {
        kind: 'lines',
        title: 'Hits in a list of 25, for each person',
        x: { title: ROW },
        y: { title: 'hits' },
        lines: [line('old films', OLD), line('new films', NEW)],
      },
      {
        kind: 'lines',
        title: 'New films that somebody was shown',
        x: { title: ROW },
        y: { title: '% of the new films' },
        lines: [line('new films', SEEN)],
      },
    ],
  )
}
