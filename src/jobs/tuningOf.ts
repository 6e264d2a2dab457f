/** What performHPO asks to search, from `solutionConfig.hpoConfig` (spec/training.md §1). */
import { TUNING_TRIES_DEFAULT, type Tuning, type TuningRange } from '../recipes/tuning.ts'
import type { HpoConfigBody } from '../resources/types.ts'

/**
 * Names may carry the prefix that a sample answer of the reference shows: `training.bptt`, `data.recency_mask`. Its requests and its later samples have none.
 * DescribeSolution repeats names as they were sent, so that a client finds what it asked for, and tunedHPOParams has the recipe's own names: what is found can be
 * sent as algorithmHyperParameters.
 */
const nameOf = (name = ''): string => name.replace(/^(?:training|data)\./, '')

export function tuningOf({ hpoConfig = {} }: { readonly hpoConfig?: HpoConfigBody | undefined }): Tuning {
  const { hpoResourceConfig, algorithmHyperParameterRanges = {} } = hpoConfig
  const { integerHyperParameterRanges, continuousHyperParameterRanges, categoricalHyperParameterRanges } =
    algorithmHyperParameterRanges
  const numbers = [...(integerHyperParameterRanges ?? []), ...(continuousHyperParameterRanges ?? [])]
  const ranges: TuningRange[] = [
    ...numbers.map(({ name, minValue = Number.NaN, maxValue = Number.NaN }) => ({
      name: nameOf(name),
      min: minValue,
      max: maxValue,
    })),
    ...(categoricalHyperParameterRanges ?? []).map(({ name, values = [] }) => ({ name: nameOf(name), values })),
  ]
  return { ranges, tries: Number(hpoResourceConfig?.maxNumberOfTrainingJobs ?? TUNING_TRIES_DEFAULT) }
}
