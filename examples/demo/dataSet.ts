/** The films and viewings as the three CSV files a dataset import reads, and as the batch job's input. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../src/lib/random.ts'
import { type Film, makeFilms } from './films.ts'
import { DAY_COUNT, FIRST_DAY_SECONDS, makeViewings, PERSON_COUNT, personId, type Viewing } from './people.ts'

export interface DataSet {
  readonly films: readonly Film[]
  readonly viewings: readonly Viewing[]
  /** Indexes of the films a person saw, oldest first. */
  historyOf(person: number): number[]
}

export function makeDataSet(seed: number): DataSet {
  const films = makeFilms(seed, DAY_COUNT)
  const viewings = makeViewings(films, seed)
  return {
    films,
    viewings,
    historyOf: person => viewings.filter(viewing => viewing.person === person).map(viewing => viewing.film),
  }
}

/** One who never watched anything: what the service does for a stranger. */
export const STRANGER_ID = 'person-nobody-knows'

/** Writes interactions.csv, items.csv, users.csv and people.jsonl (one record a person) into `folder`. */
export async function writeDataSet({ films, viewings }: DataSet, seed: number, folder: string): Promise<void> {
  const random = seededRandom(seed)
  const people = Array.from({ length: PERSON_COUNT }, (_, person) => personId(person))
  const files = {
    'interactions.csv': [
      'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE',
      ...viewings.map(({ person, film, time }) => `${personId(person)},${films[film].id},${time},watch`),
    ],
    'items.csv': [
      'ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP',
      ...films.map(
        film => `${film.id},${film.title},${film.genre},${film.year},${FIRST_DAY_SECONDS + film.addedDay * 86_400}`,
      ),
    ],
    'users.csv': ['USER_ID,AGE', ...people.map(id => `${id},${18 + random.below(60)}`)],
    'people.jsonl': [...people, STRANGER_ID].map(userId => JSON.stringify({ userId })),
  }
  await mkdir(folder, { recursive: true })
  for (const [name, lines] of Object.entries(files)) await writeFile(join(folder, name), `${lines.join('\n')}\n`)
}
