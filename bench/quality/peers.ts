/** Published programs on the very same splits: they get them as files and give lists back, which are measured as ours are (peers.py). */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '../../scripts/python.mjs'
import { assert } from '../../src/lib/assert.ts'
import type { ItemLists } from '../../src/models/splits.ts'
import { machine } from '../lib/machine.ts'
import type { Data } from './data.ts'
import { ask, isWithoutInputItems, LIST_LENGTH, measure, type Protocol, seedsOf } from './protocols.ts'
import type { Cell } from './results.ts'

/** The last torch whose wheel and libraries stay under 2 GB: PyPI has none without CUDA. */
const REQUIREMENTS = [
  'numpy==1.26.4',
  'implicit==0.7.3',
  'rectools[torch]==0.19.0',
  'pytorch-lightning==2.2.5',
  'torch==1.13.1',
]
const PROGRAM = fileURLToPath(new URL('./peers.py', import.meta.url))

interface Peer {
  readonly argument: string
  readonly name: string
  readonly protocols: readonly Protocol[]
  /** Each of its seeds; a net that trains for as long as it may is run once. */
  readonly seeds: (protocol: Protocol) => readonly number[]
}

const peers: readonly Peer[] = [
  { argument: 'als', name: 'implicit ALS', protocols: ['P1', 'P2', 'P3'], seeds: seedsOf },
  { argument: 'bm25', name: 'implicit BM25', protocols: ['P1', 'P2', 'P3'], seeds: seedsOf },
  { argument: 'sasrec', name: 'RecTools SASRec', protocols: ['P2'], seeds: () => [0] },
]
export const PEERS: readonly string[] = peers.map(({ name }) => name)

interface PeerOptions {
  readonly protocol: string | undefined
  readonly peer: string | undefined
  /** How long a net may train. */
  readonly minutes: number
}

/** Of the protocol and the peer, where they are named. */
export async function measurePeers(
  data: Data,
  scratch: string,
  { protocol: only, peer: named, minutes }: PeerOptions,
  measured: (cell: Cell) => void,
): Promise<void> {
  const python = join(pythonEnvironment('quality', REQUIREMENTS), 'python')
  for (const { argument, name, protocols, seeds } of peers)
    for (const protocol of protocols)
      for (const seed of seeds(protocol)) {
        if ((only ?? protocol) !== protocol || (named ?? name) !== name) continue
        const folder = join(scratch, `${data.name}-${protocol}-${seed}`)
        const asked = ask(protocol, seed, data)
        const { itemCount, userCount, items } = data.interactions
        mkdirSync(folder, { recursive: true })
        writeLists(folder, 'training', asked.training)
        writeLists(folder, 'inputs', asked.test.inputs)
        const { withoutInputItems } = asked
        writeFileSync(join(folder, 'split.json'), JSON.stringify({ itemCount, withoutInputItems }))
        const { status, stdout } = spawnSync(python, [PROGRAM, folder, argument, String(minutes)], {
          stdio: ['ignore', 'pipe', 'inherit'],
          encoding: 'utf8',
        })
        assert(status === 0, `${name} ended with status ${status}`)
        const took: Pick<Cell, 'seconds' | 'processorSeconds' | 'peakBytes' | 'note'> = JSON.parse(
          stdout.trimEnd().split('\n').at(-1)!,
        )
        const { buffer, byteOffset, byteLength } = readFileSync(join(folder, 'lists.i32'))
        const lists = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength))
        assert(lists.length === asked.test.userCount * LIST_LENGTH, 'a peer gives a list for everybody')
        measured({
          data: data.name,
          protocol,
          seed,
          subject: name,
          userCount,
          itemCount,
          eventCount: items.length,
          testedCount: asked.test.userCount,
          withoutInputItems: isWithoutInputItems(data),
          ...took,
          threads: availableParallelism(),
          rows: { [name]: measure(protocol, asked, lists, data.catalogueItemCount) },
          machine: machine(),
        })
      }
}

function writeLists(folder: string, name: string, { offsets, items }: ItemLists): void {
  writeFileSync(join(folder, `${name}.offsets`), offsets)
  writeFileSync(join(folder, `${name}.items`), items)
}
