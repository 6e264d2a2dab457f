/**
 * How good the recommendations are, on real data: `node bench/quality/main.ts [--write] [data folder …]`.
 *
 * Three protocols (design/recommenders.md §2), each for the pool of aws-user-personalization-v2, its experts one by one, the model of
 * aws-user-personalization, popularity, and item-to-item nearest neighbours, all fitted in this run on the same splits (models.ts):
 *   service  the service's own evaluation: 10 % of the users tested, repeats kept, NDCG against the same hits on top
 *   P1       the same users for three seeds, the textbook's NDCG, items of the input removed unless people repeat themselves
 *   P2       leave-one-out over the whole catalogue, items of the input removed likewise
 * studies.ts has what they do not show. Numbers with a target (targets.ts) are compared with it; a number below its target ends the run with exit code 1.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../../scripts/arguments.ts'
import { Refusal } from '../../src/lib/refusal.ts'
import { machine } from '../lib/machine.ts'
import { measure } from './measure.ts'
import { report } from './report.ts'

const RESULTS = fileURLToPath(new URL('../results/quality.md', import.meta.url))
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

const USAGE = `usage: npm run bench:quality -- [--write] [FOLDER …]

How good the recommendations are on real data, beside popularity and item-to-item nearest neighbours.

  FOLDER   holds interactions.csv with USER_ID,ITEM_ID,TIMESTAMP (default ../shared/data/ml-1m, …/online-retail and …/amazon-beauty)
  --write  keeps the report in bench/results/quality.md
`
const { values, positionals } = readArguments(USAGE, {
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const folders =
  positionals.length > 0 ? positionals : ['ml-1m', 'online-retail', 'amazon-beauty'].map(name => join(DATA, name))

const lines = ['# Quality', '', `\`npm run bench:quality\` on ${machine()}`, '']
let missed = 0
try {
  for (const folder of folders) {
    process.stderr.write(`${folder}\n`)
    const measured = await measure(folder, stage => process.stderr.write(`  ${stage}\n`))
    const text = report(basename(folder), measured)
    missed += text.missed
    lines.push(...text.lines)
    console.log(text.lines.join('\n'))
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exit(1)
}
if (values.write) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, `${lines.join('\n')}\n`)
}
process.exitCode = missed > 0 ? 1 : 0
