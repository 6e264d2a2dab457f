/**
 * What 2,400 people watched in two years, from a seed. Nobody draws films at random here: a person is in a mood for a genre, moods drift to
 * neighbouring genres, a story wants to be continued, a director followed, and what is new is talked about for a while. So the next film
 * depends on the last ones, which is what a recommender is there to find out.
 */
import { derivedSeed, type Random, seededRandom } from '../../src/lib/random.ts'
import { DIRECTORS_PER_GENRE, type Film, genres } from './films.ts'

export interface Viewing {
  /** Index of the person, and of the film. */
  readonly person: number
  readonly film: number
  /** Epoch seconds. */
  readonly time: number
}

export const PERSON_COUNT = 2400
export const DAY_COUNT = 730

/** 2024-01-01T00:00:00Z: the first day of the data set. */
export const FIRST_DAY_SECONDS = 1_704_067_200

const DAY_SECONDS = 86_400

/** How a person goes from one film to the next: the chance of each way, tried in this order. */
const CHANCE = {
  /** The next part of a story, once one part was seen. */
  sequel: 0.55,
  /** Another film of the director just seen, in the same genre. */
  sameDirector: 0.45,
  /** Something everybody talks about, whatever the genre. */
  popular: 0.12,
} as const

/** Before each film, the mood moves to a neighbouring genre with this chance, and anywhere at all with the other. */
const MOOD_DRIFT = 0.1
const MOOD_JUMP = 0.03

/** A new film is this much more watched on its first day; the excess halves with every HALF_LIFE_DAYS. */
const NOVELTY = 5
const HALF_LIFE_DAYS = 45

const EVENTS_LEAST = 12
const EVENTS_MOST = 120

export const personId = (person: number): string => `person-${String(person + 1).padStart(4, '0')}`

/** How much a film is watched on a day: its appeal, what is left of its novelty, and a slow wave of fashion of its own. */
function attention(film: Film, index: number, day: number): number {
  const age = day - film.addedDay
  if (age < 0) return 0
  const fashion = 1 + 0.6 * Math.sin((2 * Math.PI * day) / 400 + index)
  return film.appeal * fashion * (1 + NOVELTY * 2 ** (-age / HALF_LIFE_DAYS))
}

/** All viewings, person by person, each person's in order of time. */
export function makeViewings(films: readonly Film[], seed: number): Viewing[] {
  const everything = films.map((_, index) => index)
  const byGenre = genres.map(genre => everything.filter(index => films[index].genre === genre))
  const byDirector = byGenre.map(list =>
    Array.from({ length: DIRECTORS_PER_GENRE }, (_, director) =>
      list.filter(index => films[index].director === director),
    ),
  )
  const sequelOf = new Map(
    films.flatMap((film, index) => (film.continues === undefined ? [] : [[film.continues, index]])),
  )
  const viewings: Viewing[] = []
  for (let person = 0; person < PERSON_COUNT; person++) {
    const random = seededRandom(derivedSeed(seed, 'person', person))
    const eventCount = Math.min(EVENTS_MOST, EVENTS_LEAST + Math.floor(Math.exp(2.9 + 0.8 * random.normal())))
    const firstDay = random.uniform() * DAY_COUNT * 0.6
    const days = Array.from({ length: eventCount }, () => firstDay + random.uniform() * (DAY_COUNT - firstDay)).sort(
      (a, b) => a - b,
    )
    const seen = new Set<number>()
    let mood = random.below(genres.length)
    let last = -1
    for (const day of days) {
      mood = nextMood(mood, random)
      const choose = (from: readonly number[]) =>
        draw(from, index => (seen.has(index) ? 0 : attention(films[index], index, day)), random)
      const sequel = sequelOf.get(last)
      let film = -1
      if (
        sequel !== undefined &&
        !seen.has(sequel) &&
        films[sequel].addedDay <= day &&
        random.uniform() < CHANCE.sequel
      )
        film = sequel
      else if (last >= 0 && random.uniform() < CHANCE.sameDirector)
        film = choose(byDirector[genres.indexOf(films[last].genre)][films[last].director])
      else if (random.uniform() < CHANCE.popular) film = choose(everything)
      if (film < 0) film = choose(byGenre[mood])
      if (film < 0) continue
      seen.add(film)
      last = film
      viewings.push({ person, film, time: FIRST_DAY_SECONDS + Math.floor(day * DAY_SECONDS) })
    }
  }
  return viewings
}

function nextMood(mood: number, random: Random): number {
  const chance = random.uniform()
  if (chance < MOOD_JUMP) return random.below(genres.length)
  if (chance > MOOD_JUMP + MOOD_DRIFT) return mood
  const step = random.uniform() < 0.5 ? 1 : genres.length - 1
  return (mood + step) % genres.length
}

/** One of `from` with chances in proportion to their weights; -1 when none has any. */
function draw(from: readonly number[], weightOf: (index: number) => number, random: Random): number {
  const weights = from.map(weightOf)
  let rest = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  for (let i = 0; i < from.length; i++) {
    rest -= weights[i]
    if (rest < 0) return from[i]
  }
  return -1
}
