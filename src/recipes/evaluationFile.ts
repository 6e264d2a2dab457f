/** The report of a model's evaluation, a JSON file beside the model: `evaluation.json`. */
import { json } from 'node:stream/consumers'
import { assert } from '../lib/assert.ts'
import { Refusal } from '../lib/refusal.ts'
import type { ComparisonReport } from '../models/comparisonReport.ts'
import type { ContextChoices } from '../models/contextFit.ts'
import type { EvaluationReport } from '../models/evaluationReport.ts'
import type { PoolChoice } from '../models/historyModel.ts'
import type { NewcomerChoice } from '../models/newcomers.ts'
import { formatAddress, type ObjectAddress } from '../objects/objectStore.ts'
import type { RecipeChoice } from './chooseRecipe.ts'
import type { ModelPlace } from './modelPart.ts'

/** One of both reports, and what was chosen. */
export type StoredEvaluation = (EvaluationReport | { readonly comparison: ComparisonReport }) & Choices

interface Choices {
  /** Of the model that is served, which is fitted on everybody. */
  readonly choice?: PoolChoice
  /** Where the recipe was chosen as well (performAutoML). */
  readonly recipes?: RecipeChoice
  /** Of data with contexts: which make a difference. */
  readonly contexts?: ContextChoices
  /** Of recipes about people: what those get of whom no event is known. */
  readonly newcomers?: NewcomerChoice
}

/** A report has some 10 KiB: a dozen metrics of three models, eight buckets, what a pool tried. */
const BYTES_MAX = 256 * 1024

/** Of those who wrote it and those who read it, the same. */
const VERSION = 1

const addressOf = ({ prefix }: ModelPlace): ObjectAddress => ({ ...prefix, key: `${prefix.key}evaluation.json` })

/** Rejects with `signal.reason` when aborted. */
export async function saveEvaluation(
  place: ModelPlace,
  evaluation: StoredEvaluation,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const text = Buffer.from(JSON.stringify({ version: VERSION, ...evaluation }))
  assert(text.length <= BYTES_MAX, 'a report does not grow with the data')
  await place.artifacts.write(addressOf(place), text, { signal })
}

/** Throws Refusal where there is none, or none that can be read. */
export async function loadEvaluation(
  place: ModelPlace,
  { signal }: { signal: AbortSignal },
): Promise<StoredEvaluation> {
  const address = addressOf(place)
  const found = await place.artifacts.head(address)
  if (!found)
    throw new Refusal(
      'There is no report of its evaluation: it was trained before reports of its kind were kept, or there was nothing to judge it by.',
    )
  const damaged = (why: string) => new Refusal(`The report ${formatAddress(address)} cannot be used: ${why}.`)
  if (found.bytes > BYTES_MAX) throw damaged(`it has ${found.bytes} bytes, where at most ${BYTES_MAX} were expected`)
  const { version, ...evaluation } = (await json(await place.artifacts.read(address, { signal })).catch(
    (error: unknown) => {
      throw error instanceof SyntaxError ? damaged('it is not JSON') : error
    },
  )) as StoredEvaluation & { version: unknown }
  if (version !== VERSION) throw damaged(`it is of version ${version}, where ${VERSION} was expected`)
  return evaluation
}

/** For a model that was made of another, where that one has a report. */
export async function copyEvaluation(
  from: ModelPlace,
  to: ModelPlace,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  if (!(await from.artifacts.head(addressOf(from)))) return
  await to.artifacts.write(addressOf(to), await from.artifacts.read(addressOf(from), { signal }), { signal })
}
