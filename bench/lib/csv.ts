/** The interactions of a data folder (../shared/data/README.md), read simply: the benches measure models here, not imports. */
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Refusal } from '../../src/lib/refusal.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { itemLists } from '../../src/models/splits.ts'

export interface DataFolder {
  readonly interactions: Interactions
  /** The id of each user. */
  readonly users: readonly string[]
  /** The id of each item. */
  readonly items: readonly string[]
  /** Distinct items in interactions.csv and items.csv. */
  readonly catalogueItemCount: number
}

/**
 * Users in order of appearance; items by descending event count, then id; a user's events by time, equal times in order of the file.
 * Throws Refusal where there is no interactions.csv, or one that cannot be read; items.csv may be absent.
 */
export function readDataFolder(folder: string): DataFolder {
  const histories = new Map<string, { item: string; time: number }[]>()
  const counts = new Map<string, number>()
  for (const [user, item, time] of columns(join(folder, 'interactions.csv'), ['USER_ID', 'ITEM_ID', 'TIMESTAMP'])) {
    const history = histories.get(user)
    const event = { item, time: Number(time) }
    if (time === '' || !Number.isFinite(event.time))
      throw new Refusal(`${folder}/interactions.csv has the TIMESTAMP '${time}', where epoch seconds were expected.`)
    if (history) history.push(event)
    else histories.set(user, [event])
    counts.set(item, (counts.get(item) ?? 0) + 1)
  }
  const ids = [...counts.keys()].sort(
    (a, b) => counts.get(b)! - counts.get(a)! || Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
  const indexes = new Map(ids.map((id, index) => [id, index]))
  const sorted = [...histories.values()].map(history => history.sort((a, b) => a.time - b.time))
  const lists = itemLists(sorted.map(history => Int32Array.from(history, ({ item }) => indexes.get(item)!)))
  const interactions = {
    userCount: sorted.length,
    itemCount: ids.length,
    ...lists,
    times: Float64Array.from(sorted.flat(), ({ time }) => time),
  }
  const catalogue = new Set(ids)
  for (const [item] of columns(join(folder, 'items.csv'), ['ITEM_ID'])) catalogue.add(item)
  return { interactions, users: [...histories.keys()], items: ids, catalogueItemCount: catalogue.size }
}

/** The named columns of a CSV file, in which no quoted cell spans lines. An absent file has no rows. */
function* columns(path: string, names: readonly string[]): Generator<string[]> {
  const [header, ...lines] = linesOf(path)
  if (header === undefined) return
  const places = names.map(name => header.split(',').indexOf(name))
  if (places.includes(-1))
    throw new Refusal(`${path} has the columns ${header}, where ${names.join(', ')} were expected.`)
  const last = Math.max(...places)
  for (const line of lines) {
    const cells = cellsOf(line)
    if (cells === undefined || cells.length <= last)
      throw new Refusal(`${path} has the line '${line}', where ${last + 1} cells at least were expected.`)
    yield places.map(place => cells[place])
  }
}

/** Those with something in them, without what ends them. */
export const linesOf = (path: string): string[] =>
  textOf(path)
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => line !== '')

/** The cells of a line; undefined where a quoted one does not end in it. */
export function cellsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (const cells: string[] = []; ; ) {
    const match = cell.exec(line)
    if (!match) return undefined
    const [, quoted, plain, comma] = match
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (comma === '') return cells
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    if (basename(path) === 'items.csv') return ''
    throw new Refusal(`There is no ${resolve(path)}: name the data folders as arguments.`)
  }
}
