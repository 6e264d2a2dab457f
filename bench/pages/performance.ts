/** docs/internals/performance.svg */
import { drawing, figure } from '../lib/chart.ts'
import { numberIn, tableOf } from '../lib/tables.ts'

const PEERS = ['numpy', 'implicit', 'faiss', '256 stop']
const STAGE = 'µs of CPU a record: '
const JOB = 'in order'

export function performance(): string {
  const topk = tableOf('topk', ['catalogue', 'items', 'factors', 'k', ...PEERS])
  const stages = tableOf('fifty-million', ['', JOB]).filter(row => row[''].startsWith(STAGE) && !row[''].includes('**'))
  return drawing('Time of a query beside numpy, implicit and faiss; stages of a batch record', [
    {
      kind: 'bars',
      title: 'Exact top k of factor models, items × factors, one thread',
      axis: 'µs of CPU a query, logarithmic',
      log: true,
      legend: ['numpy', 'implicit', 'faiss', 'Sommelier'],
      rows: topk.map(row => ({
        name: `${figure(numberIn(row.items))} × ${row.factors}, k ${row.k}`,
        values: PEERS.map(peer => numberIn(row[peer])),
      })),
    },
    {
      kind: 'bars',
      title: 'A record of a batch inference job, 20,000 × 64, k 25, by stage',
      axis: 'µs of CPU a record',
      legend: ['stage'],
      rows: stages.map(row => ({ name: row[''].slice(STAGE.length), values: [numberIn(row[JOB])] })),
    },
  ])
}
