/**
 * Six hundred films that do not exist, from a seed: titles that sound like their genre, years, and the sagas and directors that make one
 * film the natural next one after another.
 */
import { type Random, seededRandom } from '../../src/lib/random.ts'

export interface Film {
  readonly id: string
  readonly title: string
  readonly genre: Genre
  readonly year: number
  /** Films of one director are alike; 0 ≤ director < DIRECTORS_PER_GENRE, counted within the genre. */
  readonly director: number
  /** Index of the film whose story this one continues. */
  readonly continues: number | undefined
  /** When it came to the catalogue, in days from the first day of the data set; films of the first day are negative. */
  readonly addedDay: number
  /** How much people would watch it, all else equal: long-tailed, mean about 1. */
  readonly appeal: number
}

export const FILM_COUNT = 600
export const DIRECTORS_PER_GENRE = 6

/** Words of a genre's titles: 'The {first} {noun}' or '{way} {place}'. Its neighbours in this list are what people turn to next. */
const wordsOf = {
  Comedy: {
    first: words(
      'Reluctant, Accidental, Borrowed, Cheerful, Impossible, Unlikely, Clumsy, Honest, Second-Hand, Punctual, Overdressed',
    ),
    noun: words(
      'Wedding, Landlord, Holiday, Neighbours, Ministry, Orchestra, Heiress, Inheritance, Best Man, Parrot, Tax Inspector',
    ),
    way: words('Dinner in, Trouble in, Three Weeks in, Nobody Leaves, Somebody Called from, Goodbye to'),
    place: words(
      'Brighton, the Third Floor, Lisbon, Aisle Five, Upper Weston, Table Nine, the Lost and Found, Little Dunning',
    ),
  },
  Romance: {
    first: words('Unwritten, Tender, Last, Borrowed, Distant, Sunday, Forgotten, Blue, First, Whispered, Untold'),
    noun: words('Letters, Summer, Promise, Waltz, Garden, Postcards, Violinist, Goodbye, Kiss, Window, Train'),
    way: words('Letters from, Meet Me in, Once in, September in, The Road to, Always'),
    place: words('Verona, the Rue Cler, Lake Como, Saint Malo, the Orchard, Cherry Lane, Porto, the Winter Garden'),
  },
  Drama: {
    first: words('Quiet, Broken, Long, Ordinary, Patient, Salt, Inherited, Hollow, Northern, Unfinished, Slow'),
    noun: words('House, River, Harvest, Daughters, Silence, Winter, Confession, Bridge, Promise, Harbour, Father'),
    way: words('The Women of, Leaving, A Winter in, The Bells of, Home to, The Last Days of'),
    place: words('Kilmarra, Two Rivers, the Valley, Lower Street, Trieste, the Far Shore, Ostrava, Cape Mercy'),
  },
  Mystery: {
    first: words('Seventh, Missing, Silent, Crimson, Hidden, Ivory, Vanished, Velvet, Unknown, Thirteenth, Forged'),
    noun: words('Clockmaker, Guest, Manuscript, Key, Portrait, Witness, Lodger, Library, Chess Player, Diary, Locket'),
    way: words('Murder at, The Secret of, Nobody Saw, The Guests of, Midnight at, A Stranger at'),
    place: words(
      'Blackwater Hall, Platform Four, the Grand Hotel, Ravensmere, Room 112, Marsh End, the Opera, Fog Lane',
    ),
  },
  Thriller: {
    first: words('Cold, Final, Double, Zero, Burning, Silent, Red, Buried, Terminal, Deadly, Broken'),
    noun: words('Protocol, Signal, Hour, Verdict, Border, Cipher, Alibi, Exchange, Pursuit, Hostage, Extraction'),
    way: words('Escape from, The Man from, Twelve Hours to, Nothing Left of, The Price of, Shadow over'),
    place: words('Marseille, Sector Nine, the Embassy, Checkpoint Delta, Kowloon, Pier 40, the Undercity, Kronstadt'),
  },
  'Science Fiction': {
    first: words('Distant, Seventh, Silver, Orbital, Last, Infinite, Silent, Quantum, Lunar, Electric, Parallel'),
    noun: words(
      'Transmission, Colony, Horizon, Machine, Starship, Eclipse, Archive, Gravity, Memory, Android, Frontier',
    ),
    way: words('Beyond, Return to, The Children of, Signals from, Adrift near, The Fall of'),
    place: words(
      'Europa, Titan Station, the Outer Rim, New Geneva, Kepler Bay, Andromeda, Ganymede, the Sleeping City',
    ),
  },
  Adventure: {
    first: words('Lost, Golden, Forbidden, Jade, Wild, Emerald, Savage, Sunken, Secret, Stolen, Endless'),
    noun: words('Temple, Expedition, Compass, Island, Caravan, Treasure, Idol, Passage, Map, Voyage, Crown'),
    way: words('Storm over, The Pirates of, Across, Lost in, The Gold of, Riders of'),
    place: words('Zanzibar, the Amazon, Samarkand, Skull Bay, the Sahara, Patagonia, the Coral Sea, the Silk Road'),
  },
  Animation: {
    first: words('Little, Brave, Curious, Flying, Tiny, Sleepy, Magic, Paper, Clockwork, Marvellous, Invisible'),
    noun: words('Fox, Balloon, Dragon, Lighthouse, Robot, Penguin, Kingdom, Tiger, Forest, Snail, Comet'),
    way: words('The Mice of, Good Night, A Kite over, Bartholomew and, The Band of, One Day in'),
    place: words(
      'Cloud Town, Marmalade Hill, the Moon, Button Forest, the Seven Ponds, Pepper Street, Toyland, Snowdrop',
    ),
  },
} as const

function words(list: string): string[] {
  return list.split(', ')
}

export type Genre = keyof typeof wordsOf
export const genres = Object.keys(wordsOf) as Genre[]

/** One film in four goes on with the story of another; a saga has at most this many parts. */
const SEQUEL_SHARE = 0.25
const SAGA_PARTS_MAX = 4
const PARTS = ['', 'II', 'III', 'IV']

/** Films that are there on the first day; the others arrive one by one until the end. */
const FIRST_DAY_SHARE = 0.7

const OLDEST_YEAR = 1961
/** The year the data set begins in. */
const FIRST_DAY_YEAR = 2024

const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)]

function titleOf(genre: Genre, random: Random): string {
  const { first, noun, way, place } = wordsOf[genre]
  const named = () => `${pick(first, random)} ${pick(noun, random)}`
  const forms = [() => `The ${named()}`, named, () => `${pick(way, random)} ${pick(place, random)}`]
  return pick(forms, random)()
}

/** The catalogue for `dayCount` days, in the order of their ids. The same seed, the same films. */
export function makeFilms(seed: number, dayCount: number): Film[] {
  const random = seededRandom(seed)
  const taken = new Set<string>()
  const films: Film[] = []
  const saga: { part: number; continued: boolean; name: string }[] = []
  while (films.length < FILM_COUNT) {
    const index = films.length
    const origin = random.uniform() < SEQUEL_SHARE && index > 0 ? random.below(index) : -1
    const before =
      origin >= 0 && !saga[origin].continued && saga[origin].part < SAGA_PARTS_MAX ? films[origin] : undefined
    const genre = before?.genre ?? pick(genres, random)
    const name = before ? saga[origin].name : titleOf(genre, random)
    const part = before ? saga[origin].part + 1 : 1
    const title = `${name} ${PARTS[part - 1]}`.trim()
    const sound = title.replace('The ', '')
    if (taken.has(sound)) continue
    taken.add(sound)
    if (before) saga[origin].continued = true
    saga.push({ part, continued: false, name })
    const late = random.uniform() > FIRST_DAY_SHARE || (before !== undefined && before.addedDay > 0)
    const earliest = Math.max(0, before?.addedDay ?? 0)
    const addedDay = late ? earliest + Math.floor(random.uniform() * (dayCount - earliest)) : -1 - random.below(900)
    films.push({
      id: `film-${String(index + 1).padStart(3, '0')}`,
      title,
      genre,
      year: addedDay >= 0 ? FIRST_DAY_YEAR + Math.floor(addedDay / 366) : yearBefore(FIRST_DAY_YEAR, before, random),
      director: before?.director ?? random.below(DIRECTORS_PER_GENRE),
      continues: before ? origin : undefined,
      addedDay,
      appeal: Math.exp(0.9 * random.normal() - 0.4),
    })
  }
  return films
}

/** When a film of the first day was made: most are recent, some are very old, a sequel follows within four years. */
function yearBefore(limit: number, before: Film | undefined, random: Random): number {
  if (before) return Math.min(limit - 1, before.year + 1 + random.below(4))
  return limit - 1 - Math.floor((limit - OLDEST_YEAR) * random.uniform() ** 2.2)
}
