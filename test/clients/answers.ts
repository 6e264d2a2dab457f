/** What a model that has learnt the ring of test/support/sequences.ts says to the two users that the flows ask for. */
import assert from 'node:assert/strict'
import { itemId, smallWorld, walks } from '../support/sequences.ts'

export function checkAnswers(text: string): void {
  const first = (line: string) => JSON.parse(line).output.recommendedItems[0]
  const next = (user: string) => itemId(walks().lastItem.get(user)! + 1, smallWorld)
  assert.deepEqual(text.trimEnd().split('\n').map(first), [next('user-3'), next('user-59')])
}
