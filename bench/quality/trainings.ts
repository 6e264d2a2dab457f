/** The trainings that the whole table comes of, or the part of it that is wanted. */

import { LOW_RANK, POOL } from '../lib/sameTraining.ts'
import type { Data } from './data.ts'
import { PROTOCOLS, type Protocol, seedsOf, TRAININGS } from './protocols.ts'
import type { TrainingName } from './results.ts'
import { subjects } from './subjects.ts'

export const SEGMENTS = 'aws-item-affinity'

interface Wanted {
  /** A subject's name. */
  readonly recipe?: string
  readonly protocol?: string
}

/** First seed first, since it says most if the rest is never waited for. */
export function trainingsOf(data: Data, { recipe, protocol }: Wanted): TrainingName[] {
  const of = { data: data.name }
  const version = (subject: string) => ({ ...of, protocols: ['version'] as const, seed: 1, subject })
  const ofSeed = (seed: number) =>
    TRAININGS.flatMap(protocols => {
      const asked = protocols.filter(protocol => seedsOf(protocol).includes(seed))
      return subjectsFor(data, seed).map(subject => ({ ...of, protocols: asked, seed, subject }))
    })
  const all: TrainingName[] = [
    ...SEEDS.flatMap(ofSeed),
    { ...of, protocols: ['segments'], seed: 0, subject: SEGMENTS },
    version(POOL),
    version(LOW_RANK),
  ]
  return all
    .filter(({ subject }) => (recipe ?? subject) === subject)
    .map(training => ({ ...training, protocols: training.protocols.filter(each => (protocol ?? each) === each) }))
    .filter(({ protocols }) => protocols.length > 0)
}

const SEEDS = [...new Set(PROTOCOLS.flatMap((protocol: Protocol) => seedsOf(protocol)))]

const subjectsFor = (data: Data, seed: number): string[] =>
  subjects
    .filter(({ fits, isSlow }) => (!fits || fits(data)) && (seed === SEEDS[0] || !isSlow?.(data)))
    .map(({ name }) => name)

/** What a table can do without: the errors of its means are greater then. */
export const isMoreOfTheSame = ({ seed, protocols }: TrainingName): boolean =>
  seed !== SEEDS[0] && !isAlone({ protocols })

/** It has all threads, so that its time by the clock says something. */
export const isAlone = ({ protocols }: Pick<TrainingName, 'protocols'>): boolean => protocols[0] === 'version'

export const shown = ({ data, protocols, seed, subject }: TrainingName): string =>
  `${data}, ${protocols.join(' and ')}, seed ${seed}, ${subject}`
