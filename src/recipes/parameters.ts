/**
 * Parameters of a recipe: their defaults and ranges, and the only place where their strings are read. On the wire every value is a string
 * (spec/recipes.md §4), so a caller's mistake is found here and told in a sentence.
 */
import { Refusal } from '../lib/refusal.ts'

export interface Parameter<T> {
  readonly kind: 'integer' | 'continuous' | 'categorical'
  readonly default: T
  /** Inclusive; absent for a categorical parameter. */
  readonly range?: { readonly min: number; readonly max: number }
  /** Of a categorical parameter: the texts it takes. */
  readonly values?: readonly string[]
  /** Whether hyperparameter optimisation may choose it. */
  readonly tunable: boolean
  /** Only such an optimisation chooses it: a value that is given is refused. */
  readonly searchOnly?: boolean
  /** What was expected, to complete '… was expected'. */
  readonly expected: string
  /** Undefined for a text that is not a value. */
  parse(text: string): T | undefined
}
/** Any record of parameters; what `parse` answers is known where the record is declared. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>
export type ParameterValues<P extends Parameters> = { readonly [K in keyof P]: P[K]['default'] }

interface NumberOptions {
  readonly min: number
  readonly max: number
  readonly default: number
  readonly tunable?: boolean
  readonly searchOnly?: boolean
}

export const integer = ({
  min,
  max,
  default: standard,
  tunable = false,
  searchOnly = false,
}: NumberOptions): Parameter<number> => ({
  kind: 'integer',
  default: standard,
  range: { min, max },
  tunable,
  searchOnly,
  expected: `an integer from ${min} to ${max}`,
  parse: text => (/^[+-]?\d+$/.test(text) ? within(Number(text), min, max) : undefined),
})

export const continuous = ({ min, max, default: standard, tunable = false }: NumberOptions): Parameter<number> => ({
  kind: 'continuous',
  default: standard,
  range: { min, max },
  tunable,
  expected: `a number from ${min} to ${max}`,
  parse: text => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? within(Number(text), min, max) : undefined),
})

/** `true` or `false` in any case: Python programs write `True`. */
export const flag = ({
  default: standard,
  tunable = false,
}: {
  default: boolean
  tunable?: boolean
}): Parameter<boolean> => ({
  kind: 'categorical',
  default: standard,
  values: ['true', 'false'],
  tunable,
  expected: 'true or false',
  parse: text => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined),
})

/** One of a few texts, as they are written. */
export const choice = <const T extends string>(
  values: readonly T[],
  { default: standard, tunable = false }: { default: NoInfer<T>; tunable?: boolean },
): Parameter<T> => ({
  kind: 'categorical',
  default: standard,
  values,
  tunable,
  expected: `one of ${values.join(', ')}`,
  parse: text => values.find(value => value === text),
})

const within = (value: number, min: number, max: number): number | undefined =>
  value >= min && value <= max ? value : undefined

/** The values of all `parameters`: `tuned` ones first, then `texts`, then defaults. Throws Refusal naming the parameter, its value, what was expected. */
export function parseParameters<P extends Parameters>(
  parameters: P,
  texts: Readonly<Record<string, string>>,
  words: { readonly recipe: string; readonly kind: 'hyperparameter' | 'feature transformation parameter' },
  tuned: Readonly<Record<string, string>> = {},
): ParameterValues<P> {
  const names = Object.keys(parameters)
  for (const name of Object.keys(texts)) {
    if (names.includes(name)) continue
    const known = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`
    throw new Refusal(`The recipe ${words.recipe} has no ${words.kind} '${name}': ${known}.`)
  }
  const values = names.map(name => {
    if (Object.hasOwn(tuned, name)) return [name, parameters[name].parse(tuned[name])]
    if (!Object.hasOwn(texts, name)) return [name, parameters[name].default]
    if (parameters[name].searchOnly)
      throw new Refusal(
        `The ${words.kind} ${name} was given: only hyperparameter optimisation chooses it, within a range of hpoConfig.`,
      )
    const value = parameters[name].parse(texts[name])
    if (value === undefined)
      throw new Refusal(
        `The ${words.kind} ${name} is '${texts[name]}', where ${parameters[name].expected} was expected.`,
      )
    return [name, value]
  })
  return Object.fromEntries(values)
}

/** Throws Refusal where `min_…_percentile` is above `max_…_percentile`. */
export function checkPercentiles(values: Readonly<Record<string, unknown>>, of: string): void {
  const [min, max] = [`min_${of}_percentile`, `max_${of}_percentile`]
  if ((values[min] as number) <= (values[max] as number)) return
  throw new Refusal(
    `The feature transformation parameter ${min} is ${values[min]}, where at most ${max}, ${values[max]}, was expected.`,
  )
}
