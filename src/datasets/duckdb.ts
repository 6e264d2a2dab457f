/**
 * DuckDB as an engine that lives as long as one piece of work: nothing is stored in it, nothing is fetched from anywhere, and what does
 * not fit its memory goes to the scratch folder. Queries run on its own threads; this one stays free.
 */
import { join } from 'node:path'
import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  DuckDBValue,
} from '@duckdb/node-api'
import { assert } from '../lib/assert.ts'
import { DUCKDB_MEMORY_BYTES } from './limits.ts'

export interface DuckDbOptions {
  readonly scratchFolder: string
  readonly threads: number
  /** Of the buffer pool; the process takes more. */
  readonly memoryBytes?: number
  readonly signal: AbortSignal
}

/** How often a running query is asked how far it is. */
const PROGRESS_MS = 250

/** Loaded with the first engine: it takes a sixth of a second, and few of the processes and threads that could need one do. */
let library: typeof import('@duckdb/node-api') | undefined

/** Runs `body` with an engine of its own. An abort interrupts the running query, and the signal's reason is thrown. */
export async function withDuckDb<T>(options: DuckDbOptions, body: (db: DuckDb) => Promise<T>): Promise<T> {
  const { signal, scratchFolder, threads, memoryBytes = DUCKDB_MEMORY_BYTES } = options
  signal.throwIfAborted()
  library ??= await import('@duckdb/node-api')
  const instance = await library.DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
    temp_directory: join(scratchFolder, 'duckdb'),
    // The npm package carries all we use; DuckDB would otherwise go and download what a query seems to need.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  try {
    const connection = await instance.connect()
    const interrupt = () => connection.interrupt()
    signal.addEventListener('abort', interrupt)
    try {
      await connection.run('SET enable_progress_bar = true')
      await connection.run('SET enable_progress_bar_print = false')
      return await body(new DuckDb(connection, signal))
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', interrupt)
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

export class DuckDb {
  readonly #connection: DuckDBConnection
  readonly #signal: AbortSignal

  constructor(connection: DuckDBConnection, signal: AbortSignal) {
    this.#connection = connection
    this.#signal = signal
  }

  /** How many rows a COPY wrote. `progress` hears the share done, 0 … 1. */
  async run(sql: string, progress?: (share: number) => void): Promise<number> {
    this.#signal.throwIfAborted()
    const report = () => progress?.(Math.max(0, this.#connection.progress.percentage) / 100)
    const timer = setInterval(report, PROGRESS_MS)
    try {
      return (await this.#connection.run(sql)).rowsChanged
    } finally {
      clearInterval(timer)
    }
  }

  /** A small result, whole. */
  async rows(sql: string): Promise<DuckDBValue[][]> {
    this.#signal.throwIfAborted()
    return (await this.#connection.runAndReadAll(sql)).getRows()
  }

  /** A result of any size, some two thousand rows at a time. */
  async *chunks(sql: string): AsyncGenerator<DuckDBDataChunk> {
    this.#signal.throwIfAborted()
    const result = await this.#connection.stream(sql)
    for (;;) {
      const chunk = await result.fetchChunk()
      this.#signal.throwIfAborted()
      if (!chunk || chunk.rowCount === 0) return
      yield chunk
    }
  }
}

/** What `encode` made of a text: its UTF-8. */
export function bytesOf(value: DuckDBValue): Uint8Array {
  assert(library && value instanceof library.DuckDBBlobValue, 'the column is a BLOB without NULL')
  return value.bytes
}

/** The same as a text. Not as DuckDB makes strings: a byte order mark is a character like any other. */
export function textOf(value: DuckDBValue): string {
  const { buffer, byteOffset, byteLength } = bytesOf(value)
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
}

export function integers(chunk: DuckDBDataChunk, column: number): DuckDBIntegerVector {
  const vector = chunk.getColumnVector(column)
  assert(library && vector instanceof library.DuckDBIntegerVector, `column ${column} is of INTEGER`)
  return vector
}

export function doubles(chunk: DuckDBDataChunk, column: number): DuckDBDoubleVector {
  const vector = chunk.getColumnVector(column)
  assert(library && vector instanceof library.DuckDBDoubleVector, `column ${column} is of DOUBLE`)
  return vector
}

/** A text as an expression. A NUL would end the query, so it is made by a function. */
export function sqlString(value: string): string {
  const parts = value.split('\0').map(part => `'${part.replaceAll("'", "''")}'`)
  return parts.length === 1 ? parts[0] : `(${parts.join(' || chr(0) || ')})`
}

export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const sqlNames = (names: readonly string[]): string => names.map(sqlName).join(', ')

/** Local files as a list for read_csv and read_parquet, which take names for glob patterns: a[1].csv is a file, not a pattern. */
export const sqlFiles = (paths: readonly string[]): string =>
  `[${paths.map(path => sqlString(path.replace(/[[*?]/g, '[$&]'))).join(', ')}]`

/** Parquet files of our own as a table. A folder called USER_ID=a on the way to them is a folder, not a column. */
export const sqlParquet = (files: readonly string[], ...options: readonly string[]): string =>
  `read_parquet(${[sqlFiles(files), 'hive_partitioning = false', ...options].join(', ')})`
