/** A data folder as every cell of the bench reads it: parsed once, kept as one file of typed arrays. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { type Features, featureRows } from '../../src/models/features.ts'
import type { Interactions } from '../../src/models/interactions.ts'
import { readDataFolder } from '../lib/csv.ts'
import { readMetadataFolder } from '../lib/metadata.ts'

export interface Data {
  readonly name: string
  readonly interactions: Interactions
  readonly catalogueItemCount: number
  /** One row an item of `interactions`; absent where there is no items.csv. */
  readonly features?: Features
  readonly texts?: Features
  /** Users whose times are real. */
  readonly realTimes: Uint32Array
}

/** ML-1M's users above have times that were made up (../shared/data/README.md). */
const REAL_TIMES_USER_MAX = 2999

/** Reads the folder and writes it into `file`. Throws Refusal where there is no interactions.csv. */
export async function freeze(folder: string, file: string): Promise<Data> {
  const { interactions, users, items, catalogueItemCount } = readDataFolder(folder)
  const name = basename(folder)
  const isReal = (id: string) => name !== 'ml-1m' || Number(id) <= REAL_TIMES_USER_MAX
  const realTimes = Uint32Array.from(users.keys()).filter(user => isReal(users[user]))
  const told = existsSync(join(folder, 'items.csv')) ? await readMetadataFolder(folder) : undefined
  const rows = told && Uint32Array.from(items, id => told.indexOf(id))
  const data: Data = {
    name,
    interactions,
    catalogueItemCount,
    realTimes,
    ...(told && rows && { features: featureRows(told.features, rows), texts: featureRows(told.texts, rows) }),
  }
  writeFileSync(file, serialize(data))
  return data
}

export const thaw = (file: string): Data => deserialize(readFileSync(file))
