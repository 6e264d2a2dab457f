/** itemExplorationConfig of batch inference jobs, campaigns and recommenders: how much room new items get. Its numbers travel as strings (spec/recipes.md §4). */
import { refuse } from './refuse.ts'

interface Setting {
  readonly expected: string
  readonly holds: (value: number) => boolean
}

const explorationWeight: Setting = { expected: 'a number from 0 to 1', holds: value => value >= 0 && value <= 1 }

/** Campaigns and batch inference jobs take any positive age, recommenders whole days and more: so the reference's two pages say. */
export const campaignExploration = {
  explorationWeight,
  explorationItemAgeCutOff: { expected: 'a number of days above 0', holds: (value: number) => value > 0 },
}
export const recommenderExploration = {
  explorationWeight,
  explorationItemAgeCutOff: { expected: 'a number of days of at least 1', holds: (value: number) => value >= 1 },
}

/** `at` is the member's path in the request. Throws InvalidInputException. */
export function checkExploration(
  settings: Readonly<Record<string, Setting>>,
  given: Readonly<Record<string, string>>,
  at: string,
): void {
  for (const [name, text] of Object.entries(given)) {
    if (!Object.hasOwn(settings, name)) {
      refuse(`${at} has '${name}': it takes ${Object.keys(settings).join(' and ')}.`)
    }
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || !settings[name].holds(value)) {
      refuse(`${at}.${name} was '${text}': ${settings[name].expected} was expected.`)
    }
  }
}
