/**
 * A mistake in a filter expression, or in the values for its placeholders: what is wrong in a sentence, where, and a code for programs.
 * Everything the language refuses is one of these. AWS's own sentences begin `Could not create filter.` (spec/filters.md §5).
 */
import { Refusal } from '../lib/refusal.ts'
import { EXCERPT_CHARACTERS } from './limits.ts'

export type FilterErrorCode =
  | 'TOO_LONG'
  | 'SYNTAX'
  | 'UNTERMINATED_STRING'
  | 'PARENTHESES'
  | 'PLACEHOLDER_WITH_NOT_IN'
  | 'PLACEHOLDER_NOT_ALONE'
  | 'SECOND_IF'
  | 'OR_IN_IF'
  | 'MIXED_ENTITIES'
  | 'MIXED_DATASETS'
  | 'WRONG_DATASET'
  | 'UNKNOWN_DATASET'
  | 'NO_SUCH_DATASET'
  | 'UNKNOWN_FIELD'
  | 'UNUSABLE_FIELD'
  | 'CURRENT_USER_OUTSIDE_IF'
  | 'CURRENT_ITEM'
  | 'WILDCARD'
  | 'TYPE'
  | 'TOO_MANY_FIELDS'
  | 'MISSING_VALUE'
  | 'UNKNOWN_VALUE'
  | 'MALFORMED_VALUE'

/** Characters [start, end) of a text, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

export class FilterError extends Refusal {
  override name = 'FilterError'
  readonly code: FilterErrorCode
  /** Of the first wrong character, counted from 1 in code points. */
  readonly position: number
  /** Two lines: the text around the mistake, and carets below it. */
  readonly caret: string

  constructor(code: FilterErrorCode, message: string, text: string, span: Span) {
    super(message)
    this.code = code
    this.position = codePoints(text, 0, span.start) + 1
    this.caret = caretLines(text, span)
  }

  /** Sentence, position and carets: what a person gets to read. */
  get report(): string {
    return `${this.message} At character ${this.position}:\n${this.caret}`
  }
}

/** An expression that no filter can be made of, in the words of AWS. */
export const invalidExpression = (code: FilterErrorCode, sentence: string, source: string, span: Span): FilterError =>
  new FilterError(code, `Could not create filter. Invalid Expression: ${sentence}`, source, span)

const codePoints = (text: string, start: number, end: number): number => [...text.slice(start, end)].length

function caretLines(text: string, { start, end }: Span): string {
  const characters = Array.from(text, character => (/\s|\p{Cc}/u.test(character) ? ' ' : character))
  const first = codePoints(text, 0, start)
  const width = Math.max(1, Math.min(codePoints(text, start, end), EXCERPT_CHARACTERS))
  const from = Math.max(0, first - EXCERPT_CHARACTERS)
  const to = Math.min(characters.length, first + EXCERPT_CHARACTERS)
  const lead = from > 0 ? '…' : ''
  const shown = `${lead}${characters.slice(from, to).join('')}${to < characters.length ? '…' : ''}`
  return `${shown}\n${' '.repeat(lead.length + first - from)}${'^'.repeat(width)}`
}
