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
import {
  type Asked,
  type Exam,
  examOf,
  isWithoutInputItems,
  LIST_LENGTH,
  measure,
  type Protocol,
  seedsOf,
  TRAININGS,
} from './protocols.ts'
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
  measured: (cells: readonly Cell[]) => void,
): Promise<void> {
  const python = join(pythonEnvironment('quality', REQUIREMENTS), 'python')
  for (const { argument, name, protocols, seeds } of peers) {
    if ((named ?? name) !== name) continue
    for (const together of TRAININGS)
      for (const seed of seedsOf(together[0])) {
        const asked = together.filter(each => protocols.includes(each) && (only ?? each) === each)
        if (asked.length === 0 || !seeds(asked[0]).includes(seed)) continue
        const folder = join(scratch, `${data.name}-${together[0]}-${seed}`)
        const exam = examOf(asked, seed, data)
        writeExam(folder, exam, data)
        const { status, stdout } = spawnSync(python, [PROGRAM, folder, argument, String(minutes)], {
          stdio: ['ignore', 'pipe', 'inherit'],
          encoding: 'utf8',
        })
        assert(status === 0, `${name} ended with status ${status}`)
        const answers: Record<string, Took> = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
        measured(exam.asked.map(question => cellOf(question, { seed, name, folder, data }, answers[question.protocol])))
      }
  }
}

type Took = Pick<Cell, 'seconds' | 'processorSeconds' | 'peakBytes' | 'note'>

/** Reads the lists that the peer wrote for one question. */
function cellOf(
  asked: Asked,
  { seed, name, folder, data }: { seed: number; name: string; folder: string; data: Data },
  took: Took,
): Cell {
  const { userCount, itemCount, items } = data.interactions
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${asked.protocol}.lists`))
  const lists = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  assert(lists.length === asked.test.userCount * LIST_LENGTH, 'a peer gives a list for everybody')
  return {
    data: data.name,
    protocol: asked.protocol,
    seed,
    subject: name,
    userCount,
    itemCount,
    eventCount: items.length,
    testedCount: asked.test.userCount,
    withoutInputItems: isWithoutInputItems(data),
    ...took,
    threads: availableParallelism(),
    rows: { [name]: measure(asked, lists, data.catalogueItemCount) },
    machine: machine(),
  }
}

function writeExam(folder: string, { training, asked }: Exam, { interactions }: Data): void {
  mkdirSync(folder, { recursive: true })
  writeLists(folder, 'training', training)
  for (const { protocol, test } of asked) writeLists(folder, protocol, test.inputs)
  const questions = asked.map(({ protocol, withoutInputItems }) => ({ name: protocol, withoutInputItems }))
  writeFileSync(join(folder, 'split.json'), JSON.stringify({ itemCount: interactions.itemCount, questions }))
}

function writeLists(folder: string, name: string, { offsets, items }: ItemLists): void {
  writeFileSync(join(folder, `${name}.offsets`), offsets)
  writeFileSync(join(folder, `${name}.items`), items)
}
