/** docs/internals/performance.svg */
import { drawing } from '../lib/chart.ts'
import { numberIn, tableOf } from '../lib/tables.ts'

const PEERS = ['numpy', 'implicit', 'faiss', '256 stop']
const STAGE = 'µs of CPU a record, the process’s divided as the threads’ time'

export function performance(): string {
  const topk = tableOf('topk', ['catalogue', 'items', 'factors', 'k', ...PEERS])
  const stages = tableOf('fifty-million', [STAGE]).filter(row => !/\*\*|thread/.test(row[STAGE]))
  return drawing('Time of a query beside numpy, implicit and faiss; stages of a batch record', [
    {
      kind: 'bars',
      title: 'Exact top k of factor models, one thread',
      axis: 'µs of CPU a query, logarithmic',
      log: true,
      legend: ['numpy', 'implicit', 'faiss', 'Sommelier'],
      rows: topk.map(row => ({
        name: `${row.catalogue} ${row.items}, d ${row.factors}, k ${row.k}`,
        values: PEERS.map(peer => numberIn(row[peer])),
      })),
    },
    {
      kind: 'bars',
      title: 'A record of a batch inference job, 20 000 items, 64 factors, k 25',
      axis: 'µs of CPU a record',
      legend: ['stage'],
      rows: stages.map(row => ({ name: row[STAGE], values: [numberIn(row[''])] })),
    },
  ])
}
