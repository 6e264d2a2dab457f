/** UpdateSolution's work: what was asked for becomes the solution's own. Versions that are being trained are not touched by it. */
import { solution } from '../resources/types.ts'
import { workKind } from './workKind.ts'

export const updateSolution = workKind({
  name: 'updateSolution',
  makes: solution,
  async settle({ body }) {
    const { performAutoTraining, performIncrementalUpdate, solutionUpdateConfig } = body.latestSolutionUpdate!
    const solutionConfig = solutionUpdateConfig
      ? { ...body.solutionConfig, ...solutionUpdateConfig }
      : body.solutionConfig
    return { body: { ...body, performAutoTraining, performIncrementalUpdate, solutionConfig } }
  },
})
