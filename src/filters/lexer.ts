/**
 * Text → tokens, one at a time, each character looked at once. Numbers are [-]digits[.digits]; strings stand in double or single quotes,
 * with \", \' and \\ for a quote and a backslash themselves; any other backslash is a character like others.
 */

import type { FilterErrorCode, Span } from './filterError.ts'
import { invalidExpression } from './filterError.ts'

export interface Token extends Span {
  readonly kind: 'word' | 'number' | 'string' | 'placeholder' | 'symbol' | 'end'
  /** As written; of a string its content, of a placeholder its name without `$`. */
  readonly text: string
}

const SPACE = /\s/
const LETTER = /[A-Za-z_]/
const WORD = /[A-Za-z0-9_]/
const DIGIT = /[0-9]/
const ESCAPED = /["'\\]/
const SYMBOLS = ['<=', '>=', '!=', '<', '>', '=', '(', ')', ',', '.', '|', '*']
/** What a word processor makes of straight quotes. */
const CURLY_QUOTES = /[“”„‘’«»]/

export class Lexer {
  readonly source: string
  #at = 0

  constructor(source: string) {
    this.source = source
  }

  /** Throws FilterError at a character that begins no token. */
  next(): Token {
    const { source } = this
    while (this.#at < source.length && SPACE.test(source[this.#at])) this.#at++
    const start = this.#at
    if (start === source.length) return { kind: 'end', text: '', start, end: start }
    const character = source[start]
    if (LETTER.test(character)) return this.#token('word', start, this.#run(start, WORD))
    if (DIGIT.test(character) || (character === '-' && DIGIT.test(source[start + 1] ?? ''))) return this.#number(start)
    if (character === '"' || character === "'") return this.#string(start)
    if (character === '$') return this.#placeholder(start)
    const symbol = SYMBOLS.find(each => source.startsWith(each, start))
    if (symbol !== undefined) return this.#token('symbol', start, start + symbol.length)
    const shown = String.fromCodePoint(source.codePointAt(start)!)
    if (CURLY_QUOTES.test(shown))
      return this.#fail(
        'SYNTAX',
        `${shown} is not a quotation mark of the language; straight ones (") were expected.`,
        {
          start,
          end: start + shown.length,
        },
      )
    return this.#fail('SYNTAX', `the character ${JSON.stringify(shown)} has no meaning here.`, {
      start,
      end: start + shown.length,
    })
  }

  #token(kind: Token['kind'], start: number, end: number): Token {
    this.#at = end
    return { kind, text: this.source.slice(start, end), start, end }
  }

  #run(start: number, pattern: RegExp): number {
    let end = start
    while (end < this.source.length && pattern.test(this.source[end])) end++
    return end
  }

  #number(start: number): Token {
    const { source } = this
    let end = this.#run(start + 1, DIGIT)
    if (source[end] === '.' && DIGIT.test(source[end + 1] ?? '')) end = this.#run(end + 1, DIGIT)
    if (end < source.length && /[A-Za-z0-9_.]/.test(source[end]))
      this.#fail('SYNTAX', 'a number is digits, and perhaps a point and more digits.', { start, end: end + 1 })
    return this.#token('number', start, end)
  }

  #placeholder(start: number): Token {
    const { source } = this
    const end = this.#run(start + 1, WORD)
    if (end === start + 1 || DIGIT.test(source[start + 1]))
      this.#fail('SYNTAX', 'a name of letters, digits and _ that does not begin with a digit was expected after $.', {
        start,
        end: Math.max(end, start + 1),
      })
    return { ...this.#token('placeholder', start, end), text: source.slice(start + 1, end) }
  }

  #string(start: number): Token {
    const { source } = this
    const quote = source[start]
    let text = ''
    for (let at = start + 1; at < source.length; at++) {
      const character = source[at]
      if (character === quote) {
        this.#at = at + 1
        return { kind: 'string', text, start, end: at + 1 }
      }
      if (character === '\\' && ESCAPED.test(source[at + 1] ?? '')) at++
      text += source[at]
    }
    return this.#fail('UNTERMINATED_STRING', `the string that begins here has no closing ${quote}.`, {
      start,
      end: source.length,
    })
  }

  #fail(code: FilterErrorCode, sentence: string, span: Span): never {
    throw invalidExpression(code, sentence, this.source, span)
  }
}
