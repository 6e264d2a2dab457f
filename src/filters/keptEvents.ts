/**
 * Events as filters look at them, made once for each state of a dataset and kept in the artifacts store for every job after it:
 *
 *   events/<version>-<all, or how many of each type>/
 *     users        u8            ids, each with its end (datasets/vocabulary.ts), by bytes ascending
 *     items        u8            the same of what they did something with
 *     offsets      u32[users + 1]
 *     codes        u32           packed (data.ts): item << typeBits | type
 *     index.json   EventsIndex   written last: with it the others are whole
 *
 * The version names the parts that the dataset consists of, so what has been made never has to be changed: an import or a deletion makes another
 * version, and jobs/sweep.ts removes those that no dataset and no job is of any more. Who makes them at the same time writes the same bytes.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { dataVersion } from '../datasets/dataVersion.ts'
import { withDuckDb } from '../datasets/duckdb.ts'
import { type ImportedParts, localParts } from '../datasets/parts.ts'
import type { ReadContext } from '../datasets/read.ts'
import { ID_END, type Vocabulary, VocabularyBuilder } from '../datasets/vocabulary.ts'
import type { ObjectAddress } from '../objects/objectStore.ts'
import type { UserEvents } from './data.ts'
import { EVENTS_BYTES_MAX } from './limits.ts'
import { codeWords, EVENT_FILES, type EventsIndex, type IdsIndex, makeEvents } from './makeEvents.ts'

export interface KeptEvents {
  readonly users: Vocabulary
  /** What the codes name. */
  readonly items: Vocabulary
  /** Without types: there are too many to be told apart. */
  readonly typed: boolean
  readonly events: UserEvents
}

export interface KeptQuery {
  /** Of the artifacts store. */
  readonly bucket: string
  /** Of one dataset, oldest first; some. */
  readonly imports: readonly ImportedParts[]
  readonly target: 'ITEM_ID' | 'ACTION_ID'
  readonly perType: number | undefined
  /** Whose ids may be the same: then they are not loaded again. */
  readonly known?: Vocabulary | undefined
  /** For tests: EVENTS_BYTES_MAX and BUCKET_EVENTS_MAX unless they say otherwise. */
  readonly bytesMax?: number | undefined
  readonly bucketEvents?: number | undefined
}

/** Another layout has another number, and is made anew. */
const LAYOUT = 1

type Index = EventsIndex & { readonly layout: typeof LAYOUT }

/** Those that are kept, or made now. Throws the signal's reason when aborted. */
export async function keptEvents(query: KeptQuery, context: ReadContext): Promise<KeptEvents> {
  return open(query, await ensured(query, context), context)
}

/** Makes them unless they are kept. */
export async function ensureEvents(query: KeptQuery, context: ReadContext): Promise<void> {
  await ensured(query, context)
}

const ensured = async (query: KeptQuery, context: ReadContext): Promise<Index> =>
  (await keptIndex(query, context)) ?? (await make(query, context))

const addressOf = ({ bucket, imports, perType }: KeptQuery, name: string): ObjectAddress => ({
  bucket,
  key: `events/${dataVersion(imports)}-${perType ?? 'all'}/${name}`,
})

/** Undefined where there are none, or no whole ones. */
async function keptIndex(query: KeptQuery, { artifacts, signal }: ReadContext): Promise<Index | undefined> {
  const address = addressOf(query, 'index.json')
  if (!(await artifacts.head(address, { signal }))) return undefined
  const index = JSON.parse(await text(await artifacts.read(address, { signal }))) as Index
  if (index.layout !== LAYOUT) return undefined
  const { users, items } = index
  const wanted = { users: users.bytes, items: items.bytes, offsets: 4 * (users.count + 1), codes: 4 * codeWords(index) }
  for (const name of EVENT_FILES) {
    const found = await artifacts.head(addressOf(query, name), { signal })
    if (found?.bytes !== wanted[name]) return undefined
  }
  return index
}

async function make(query: KeptQuery, context: ReadContext): Promise<Index> {
  const { artifacts, scratchFolder, signal } = context
  const folder = join(scratchFolder, 'events')
  await mkdir(folder, { recursive: true })
  const made = await withDuckDb(context, async db => {
    const files = await localParts(query.imports, 'event-parts', query.bucket, context)
    return makeEvents(db, { ...query, files }, folder, context)
  })
  const index: Index = { layout: LAYOUT, ...made }
  for (const name of EVENT_FILES)
    await artifacts.write(addressOf(query, name), createReadStream(join(folder, name)), { signal })
  await artifacts.write(addressOf(query, 'index.json'), Buffer.from(JSON.stringify(index)), { signal })
  return index
}

async function open(query: KeptQuery, index: Index, context: ReadContext): Promise<KeptEvents> {
  const { artifacts, scratchFolder, signal } = context
  const { known, bytesMax = EVENTS_BYTES_MAX } = query
  const load = async (name: string, bytes: number): Promise<Uint8Array> => {
    const loaded = new Uint8Array(new SharedArrayBuffer(bytes))
    let filled = 0
    for await (const chunk of await artifacts.read(addressOf(query, name), { signal })) {
      loaded.set(chunk, filled)
      filled += chunk.length
    }
    return loaded
  }
  const ids = async (name: 'users' | 'items') => vocabularyOf(await load(name, index[name].bytes))
  const words = (bytes: Uint8Array) => new Uint32Array(bytes.buffer)
  const codesOf = async () => {
    const count = codeWords(index)
    if (4 * count <= bytesMax) return words(await load('codes', 4 * count))
    const folder = join(scratchFolder, 'event-codes')
    await mkdir(folder, { recursive: true })
    return { path: await artifacts.localFile(addressOf(query, 'codes'), folder, { signal }), start: 0, words: count }
  }
  const offsets = words(await load('offsets', 4 * (index.users.count + 1)))
  const { types, bits, typeBits } = index
  return {
    users: known && beginsWith(known, index.users) ? known : await ids('users'),
    items: await ids('items'),
    typed: types !== undefined,
    events: { types: types ?? [], offsets, bits, typeBits, codes: await codesOf() },
  }
}

/** SharedArrayBuffers are hashed in pieces. */
const HASHED_BYTES = 2 ** 26

/** Whether the first ids of a vocabulary are these. */
function beginsWith({ size, tensors }: Vocabulary, { count, bytes, digest }: IdsIndex): boolean {
  if (size < count || tensors.offsets[count] !== bytes) return false
  const hash = createHash('sha256')
  for (let at = 0; at < bytes; at += HASHED_BYTES)
    hash.update(tensors.bytes.subarray(at, Math.min(bytes, at + HASHED_BYTES)))
  return hash.digest('hex') === digest
}

function vocabularyOf(bytes: Uint8Array): Vocabulary {
  const builder = new VocabularyBuilder()
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(ID_END, from)
    builder.addUtf8(bytes.subarray(from, end))
    from = end + 1
  }
  return builder.finish()
}
