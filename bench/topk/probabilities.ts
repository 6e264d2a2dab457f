/**
 * How far estimated probabilities of factor models are from those by the exact sum over the catalogue (docs/decisions/0024): one relative error a user,
 * since all of a user's probabilities have the same denominator. Queries are users' histories, what is in them is excluded, k = 25.
 */
import { basename } from 'node:path'
import { openFactorRanker } from '../../src/inference/factorRanker.ts'
import { placeFactors } from '../../src/inference/placeFactors.ts'
import type { QueryBlock } from '../../src/inference/queries.ts'
import { NARROWEST } from '../../src/kernels/tileShape.ts'
import { machine } from '../lib/machine.ts'
import { trainedModel } from './data.ts'

const USERS = 2000
const K = 25
const PERCENTILES = [0.5, 0.9, 0.99, 1]
const NARROW = 0.5

/** On each data folder with each number of factors; a training each. */
export async function probabilityReport(folders: readonly string[], dimensions: readonly number[]): Promise<string[]> {
  const rows: string[] = []
  for (const folder of folders)
    for (const dimension of dimensions) rows.push(await probabilityErrors(basename(folder), folder, dimension))
  return [
    '# Estimated probabilities of factor models',
    '',
    `\`npm run bench:topk -- --probabilities --factors ${dimensions}\` on ${machine()}`,
    '',
    `Relative error of a user's probabilities against the exact sum: histories as queries, what is in them excluded, k = ${K}, up to ${USERS} users.`,
    '',
    '| factors of | dimension | median | 90 % | 99 % | worst | of the worst 1 % too great | of those with an item above 50 % |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ]
}

/** A row of the report on the data folder `name`: percentiles of the errors, and how many of the worst users' masses lie on what they had. */
async function probabilityErrors(name: string, folder: string, dimension: number): Promise<string> {
  const { model, histories } = await trainedModel(folder, dimension)
  const count = Math.min(USERS, histories.offsets.length - 1)
  const offsets = Uint32Array.from(histories.offsets.subarray(0, count + 1))
  const items = Int32Array.from(histories.items.subarray(0, offsets[count]))
  const rank = (exactTotals: boolean, excludes: boolean) => {
    const block: QueryBlock = { count, k: K, offsets, items, ...(excludes && { excluded: { offsets, items } }) }
    const placed = placeFactors(model, { threads: 1, tiles: NARROWEST, exactTotals })
    const { counts, probabilities } = openFactorRanker(placed, 0).rank(block)
    return { counts: counts.slice(), probabilities: probabilities.slice() }
  }
  const [estimated, exact, everything] = [rank(false, true), rank(true, true), rank(true, false)]
  const users = Array.from({ length: count }, (_, user) => user).filter(user => exact.probabilities[user * K] > 0)
  const ratioOf = (user: number) => estimated.probabilities[user * K] / exact.probabilities[user * K]
  const byError = users.map(user => ({ user, error: Math.abs(ratioOf(user) - 1) })).sort((a, b) => a.error - b.error)
  const percents = PERCENTILES.map(share => {
    const { error } = byError[Math.min(byError.length - 1, Math.floor(share * byError.length))]
    return `${(100 * error).toPrecision(2)} %`
  })
  const worst = byError.slice(Math.floor(0.99 * byError.length))
  const too = (test: (ratio: number) => boolean) => worst.filter(({ user }) => test(ratioOf(user))).length
  const narrow = worst.filter(({ user }) => everything.probabilities[user * K] > NARROW).length
  return `| ${[name, dimension, ...percents, `${too(ratio => ratio > 1)} of ${worst.length}`, `${narrow} of ${worst.length}`].join(' | ')} |`
}
