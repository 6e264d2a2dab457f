/** The runs as tables, one a size, and what was planned before the work began. */
import { recipes } from '../../src/recipes/index.ts'
import { withSame } from '../lib/sameTraining.ts'
import type { Run } from './results.ts'

/** Of one training: what a machine with 8 GB can do. */
export const PEAK_GIGABYTES_MAX = 8

export function report(runs: readonly Run[]): { lines: string[]; missed: number } {
  const sizes = [...new Set(runs.map(({ eventCount }) => eventCount))]
  const machines = [...new Set(runs.map(({ machine }) => machine))]
  const missed = runs.filter(isMissed)
  return {
    lines: [
      '# Training as data grows',
      '',
      `\`npm run bench:scale\` on ${machines.join('; ')}`,
      '',
      'Evaluation and refit, as a solution version is trained, on two threads of a machine that others use: compare the CPU time. GB is the peak of the',
      'process, the data among it, which alone take what stands in the last column. Precision at 10 is beside popularity’s.',
      '',
      ...sizes.flatMap(eventCount => ofSize(runs.filter(run => run.eventCount === eventCount))),
      missed.length === 0
        ? `- met: every training of ${runs.length} ended with a model or a sentence, below ${PEAK_GIGABYTES_MAX} GB.`
        : `- MISSED: ${missed.map(({ recipe, eventCount }) => `${recipe} on ${eventCount} events`).join(', ')}: a model or a sentence, below ${PEAK_GIGABYTES_MAX} GB, was wanted.`,
    ],
    missed: missed.length,
  }
}

const isMissed = ({ trained, failed }: Run): boolean =>
  trained ? trained.peakBytes > PEAK_GIGABYTES_MAX * 1e9 : !failed || failed.startsWith('Died')

function ofSize(runs: readonly Run[]): string[] {
  const order = recipes.map(({ name }) => name)
  const sorted = runs.toSorted((a, b) => order.indexOf(a.recipe) - order.indexOf(b.recipe))
  const million = (count: number) => `${count / 1e6} million`
  const most = Math.max(...runs.map(({ itemCount }) => itemCount))
  const plans = sorted.flatMap(({ recipe, plans }) => plans.slice(0, 2).map(plan => `- ${recipe}: ${plan}`))
  return [
    `## ${million(runs[0].eventCount)} interactions, up to ${most} items`,
    '',
    '| recipe | items | s | s of CPU | GB | form | P@10 | popularity’s | GB of data |',
    `| --- | ${Array(3).fill('---:').join(' | ')} | ---: | --- | ---: | ---: | ---: |`,
    ...sorted.map(rowOf),
    '',
    ...(plans.length > 0 ? ['Planned before the work:', '', ...plans, ''] : []),
  ]
}

function rowOf({ recipe, itemCount, trained, failed }: Run): string {
  if (!trained) return `| ${withSame(recipe)} | ${itemCount} | ${failed} | | | | | | |`
  const { seconds, processorSeconds, peakBytes, dataBytes, form, precisionAt10, baselinePrecisionAt10 } = trained
  const cells = [
    withSame(recipe),
    itemCount,
    seconds.toFixed(0),
    processorSeconds.toFixed(0),
    (peakBytes / 1e9).toFixed(1),
    form,
    precisionAt10?.toFixed(4) ?? '',
    baselinePrecisionAt10?.toFixed(4) ?? '',
    (dataBytes / 1e9).toFixed(1),
  ]
  return `| ${cells.join(' | ')} |`
}
