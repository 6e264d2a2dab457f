/** What of the data a solution version asks for, from its solutionConfig. */
import type { SolutionConfigBody, SolutionVersionBody, TrainingSources } from '../resources/types.ts'
import type { TrainingQuery } from './readTrainingData.ts'

export function trainingQuery(
  { eventType, solutionConfig }: Pick<SolutionVersionBody, 'eventType' | 'solutionConfig'>,
  sources: TrainingSources,
): TrainingQuery {
  const { eventValueThreshold } = solutionConfig
  return {
    eventType,
    eventValueThreshold: eventValueThreshold === undefined ? undefined : Number(eventValueThreshold),
    events: eventWeights(solutionConfig),
    objective: objectiveOf(solutionConfig),
    sources,
  }
}

/** Without a weight a type counts like one of weight 1. */
const eventWeights = ({ eventsConfig }: SolutionConfigBody) =>
  eventsConfig?.eventParametersList?.map(({ eventType = '', weight = 1, eventValueThreshold }) => ({
    eventType,
    weight,
    eventValueThreshold,
  }))

/** s of models/objective.ts: HIGH goes for the greatest expected value, the others for the greater part of it. */
const STRENGTHS: Readonly<Record<string, number>> = { LOW: 0.25, MEDIUM: 0.5, HIGH: 1 }

function objectiveOf({ optimizationObjective: asked }: SolutionConfigBody) {
  const strength = STRENGTHS[asked?.objectiveSensitivity ?? 'OFF']
  return asked?.itemAttribute === undefined || strength === undefined
    ? undefined
    : { column: asked.itemAttribute, strength }
}
