/** Algorithms and feature transformations: the parameters of the recipes that name them, read off the recipes' own declarations. */
import { ServiceError } from '../protocol/errors.ts'
import { boolean, double, integer, list, optional, string, structure } from '../protocol/shape.ts'
import { domainRecipes, recipes } from '../recipes/index.ts'
import type { Parameter, Parameters } from '../recipes/parameters.ts'
import { TUNING_TRIES_DEFAULT } from '../recipes/tuning.ts'
import { operation } from './operation.ts'
import { Arn, dates, HyperParameters, Name, ParameterName, Status } from './shapes.ts'

const IsTunable = optional(boolean)
const DefaultRanges = structure({
  integerHyperParameterRanges: optional(
    list(
      structure({
        name: optional(ParameterName),
        minValue: optional(integer({ min: -1_000_000 })),
        maxValue: optional(integer({ max: 1_000_000 })),
        isTunable: IsTunable,
      }),
      { max: 100 },
    ),
  ),
  continuousHyperParameterRanges: optional(
    list(
      structure({
        name: optional(ParameterName),
        minValue: optional(double({ min: -1_000_000 })),
        // A minimum where one would expect a maximum: that is what the interface model says.
        maxValue: optional(double({ min: -1_000_000 })),
        isTunable: IsTunable,
      }),
      { max: 100 },
    ),
  ),
  categoricalHyperParameterRanges: optional(
    list(
      structure({
        name: optional(ParameterName),
        values: optional(list(string({ max: 1000 }), { max: 100 })),
        isTunable: IsTunable,
      }),
      { max: 100 },
    ),
  ),
})

/** Values travel as strings; 0 of a continuous parameter is '0.0', as the documentation writes it. */
function text({ kind, default: value }: Parameter<unknown>): string {
  return kind === 'continuous' && Number.isInteger(value) ? (value as number).toFixed(1) : String(value)
}

const defaults = (parameters: Parameters): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, text(parameter)]))

function ranges(parameters: Parameters) {
  const of = (kind: Parameter<unknown>['kind']) =>
    Object.entries(parameters)
      .filter(([, parameter]) => parameter.kind === kind)
      .map(([name, { range, values, tunable }]) => ({
        name,
        minValue: range?.min,
        maxValue: range?.max,
        values,
        isTunable: tunable,
      }))
  return {
    integerHyperParameterRanges: of('integer'),
    continuousHyperParameterRanges: of('continuous'),
    categoricalHyperParameterRanges: of('categorical'),
  }
}

/** Strings, by the names that hpoResourceConfig has. */
function resourceConfig(parameters: Parameters): Record<string, string> {
  const isSearched = Object.values(parameters).some(({ tunable }) => tunable)
  return { maxNumberOfTrainingJobs: isSearched ? `${TUNING_TRIES_DEFAULT}` : '1', maxParallelTrainingJobs: '1' }
}

/** One algorithm or feature transformation, with the parameters of every recipe that names it. Use cases of a domain have none to set. */
function described(
  arn: string,
  member: 'algorithmArn' | 'featureTransformationArn',
  of: 'hyperparameters' | 'featureTransformationParameters',
) {
  const named = [...recipes, ...domainRecipes].filter(each => each[member] === arn)
  if (named.length === 0) throw new ServiceError('ResourceNotFoundException', `Resource Arn ${arn} does not exist.`)
  const parameters = named.map(each => (of in each ? (each as (typeof recipes)[number])[of] : {}))
  return {
    facts: {
      name: arn.slice(arn.indexOf('/') + 1),
      [member]: arn,
      creationDateTime: Math.min(...named.map(each => each.creationDateTime)),
      lastUpdatedDateTime: Math.max(...named.map(each => each.lastUpdatedDateTime)),
    },
    parameters: Object.assign({}, ...parameters) as Parameters,
  }
}

const describeAlgorithm = operation({
  name: 'DescribeAlgorithm',
  input: structure({ algorithmArn: Arn }),
  output: structure({
    algorithm: optional(
      structure({
        name: optional(Name),
        algorithmArn: optional(Arn),
        algorithmImage: optional(structure({ name: optional(Name), dockerURI: string({ max: 256 }) })),
        defaultHyperParameters: optional(HyperParameters),
        defaultHyperParameterRanges: optional(DefaultRanges),
        defaultResourceConfig: optional(HyperParameters),
        trainingInputMode: optional(string({ max: 256 })),
        roleArn: optional(Arn),
        ...dates,
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  differences:
    'The parameters are those of our models. defaultResourceConfig is that of performHPO: its tries where nothing is said, one at a time, since each takes all processors; and one where nothing can be searched. There is no algorithmImage and no roleArn: no container and no role stands behind it.',
  async handle({ algorithmArn }) {
    const { facts, parameters } = described(algorithmArn, 'algorithmArn', 'hyperparameters')
    return {
      algorithm: {
        ...facts,
        defaultHyperParameters: defaults(parameters),
        defaultHyperParameterRanges: ranges(parameters),
        defaultResourceConfig: resourceConfig(parameters),
        trainingInputMode: 'File',
      },
    }
  },
})

const describeFeatureTransformation = operation({
  name: 'DescribeFeatureTransformation',
  input: structure({ featureTransformationArn: Arn }),
  output: structure({
    featureTransformation: optional(
      structure({
        name: optional(Name),
        featureTransformationArn: optional(Arn),
        defaultParameters: optional(HyperParameters),
        ...dates,
        status: optional(Status),
      }),
    ),
  }),
  errors: ['InvalidInputException', 'ResourceNotFoundException'],
  differences:
    'The parameters are those of our models. Recipes that share a transformation need not take all of them: aws-popularity-count takes none of those of sims.',
  async handle({ featureTransformationArn }) {
    const { facts, parameters } = described(
      featureTransformationArn,
      'featureTransformationArn',
      'featureTransformationParameters',
    )
    return { featureTransformation: { ...facts, defaultParameters: defaults(parameters), status: 'ACTIVE' } }
  },
})

export const algorithmOperations = [describeAlgorithm, describeFeatureTransformation]
