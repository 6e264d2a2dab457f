/**
 * Tokens → tree, by recursive descent without recursion: nothing in the language nests (spec/filters.md §2). Linear in the text.
 *
 *   filter     = statement { "|" statement }
 *   statement  = ("INCLUDE" | "EXCLUDE") ("ItemID" | "UserID" | "ActionID") "WHERE" condition { ("AND" | "OR") condition } [ if ]
 *   if         = "IF" condition { "AND" condition }
 *   condition  = field ( ["NOT"] "IN" ( "(" list ")" | currentItem ) | operator ( value | placeholder | "(" placeholder ")" | currentItem ) )
 *   list       = "*" | placeholder | value { "," value }
 *
 * Keywords are words in any case. Which fields exist and what fits them is check.ts's affair.
 */
import { FilterError, type FilterErrorCode, invalidExpression, type Span } from './filterError.ts'
import { Lexer, type Token } from './lexer.ts'
import { EXPRESSION_CHARACTERS_MAX } from './limits.ts'
import type { Condition, Entity, FieldName, FilterTree, Literal, Operand, Operator, Statement } from './tree.ts'

const ENTITIES: readonly Entity[] = ['ItemID', 'UserID', 'ActionID']
const OPERATORS: readonly string[] = ['=', '!=', '<', '<=', '>', '>=']

/** Throws FilterError. */
export function parseFilter(source: string): FilterTree {
  const characters = [...source].length
  if (characters > EXPRESSION_CHARACTERS_MAX)
    throw invalidExpression(
      'TOO_LONG',
      `it has ${characters} characters; at most ${EXPRESSION_CHARACTERS_MAX} were expected.`,
      source,
      { start: 0, end: 0 },
    )
  return new Parser(source).filter()
}

class Parser {
  readonly #lexer: Lexer
  #token: Token
  #lastEnd = 0

  constructor(source: string) {
    this.#lexer = new Lexer(source)
    this.#token = this.#lexer.next()
  }

  filter(): FilterTree {
    const statements: Statement[] = [this.#statement()]
    while (this.#isSymbol('|')) {
      this.#take()
      statements.push(this.#statement())
    }
    if (this.#token.kind !== 'end') {
      if (this.#isWord('IF'))
        this.#fail('SECOND_IF', 'a statement can have one IF, at its end; a further condition on the user follows AND.')
      if (this.#isWord('OR') && statements.at(-1)!.when.length > 0)
        this.#fail('OR_IN_IF', 'the conditions after IF can be joined by AND only, not by OR.')
      this.#expected('AND, OR, IF, | or the end')
    }
    return { source: this.#lexer.source, statements }
  }

  #statement(): Statement {
    const { start } = this.#token
    const action = this.#isWord('INCLUDE') ? 'INCLUDE' : this.#isWord('EXCLUDE') ? 'EXCLUDE' : undefined
    if (action === undefined) return this.#expected('INCLUDE or EXCLUDE')
    this.#take()
    const entity = ENTITIES.find(each => this.#isWord(each))
    if (entity === undefined) return this.#expected('ItemID, UserID or ActionID')
    const entitySpan = this.#take()
    if (!this.#isWord('WHERE')) this.#expected('WHERE')
    this.#take()
    const any: Condition[][] = [[this.#condition()]]
    for (;;) {
      if (this.#isWord('AND')) {
        this.#take()
        any.at(-1)!.push(this.#condition())
      } else if (this.#isWord('OR')) {
        this.#take()
        any.push([this.#condition()])
      } else break
    }
    return { action, entity, entitySpan, any, when: this.#when(), start, end: this.#lastEnd }
  }

  #when(): Condition[] {
    if (!this.#isWord('IF')) return []
    this.#take()
    const when = [this.#condition()]
    while (this.#isWord('AND')) {
      this.#take()
      when.push(this.#condition())
    }
    return when
  }

  #condition(): Condition {
    const { start } = this.#token
    if (this.#isSymbol('('))
      this.#fail('PARENTHESES', 'parentheses around conditions are not part of the language: AND binds before OR.')
    const field = this.#field()
    const operatorStart = this.#token.start
    const operator = this.#operator()
    const operatorSpan = { start: operatorStart, end: this.#lastEnd }
    const operand = operator === 'IN' || operator === 'NOT IN' ? this.#members(operator) : this.#operand()
    return { field, operator, operatorSpan, operand, start, end: this.#lastEnd }
  }

  #field(): FieldName {
    const { start, text: dataset, kind } = this.#token
    if (kind !== 'word') return this.#expected('a field such as Items.PRICE')
    this.#take()
    if (!this.#isSymbol('.')) this.#expected(`. and the name of a field after ${dataset}`)
    this.#take()
    const { text: name, kind: nameKind } = this.#token
    if (nameKind !== 'word') return this.#expected(`the name of a field after ${dataset}.`)
    this.#take()
    return { dataset, name, start, end: this.#lastEnd }
  }

  #operator(): Operator {
    const { kind, text } = this.#token
    if (kind === 'symbol' && OPERATORS.includes(text)) {
      this.#take()
      return text as Operator
    }
    const negated = this.#isWord('NOT')
    if (negated) this.#take()
    if (!this.#isWord('IN'))
      return this.#expected(negated ? 'IN after NOT' : 'IN, NOT IN, =, !=, <, <=, > or >= after the field')
    this.#take()
    return negated ? 'NOT IN' : 'IN'
  }

  /** What follows IN and NOT IN. */
  #members(operator: 'IN' | 'NOT IN'): Operand {
    if (this.#isWord('CurrentItem')) return { kind: 'currentItem', field: this.#field() }
    if (!this.#isSymbol('(')) return this.#expected(`( or CurrentItem after ${operator}`)
    this.#take()
    const operand = this.#list(operator)
    if (!this.#isSymbol(')')) this.#expected(operand.kind === 'values' ? ', or ) in the list' : ')')
    this.#take()
    return operand
  }

  #list(operator: 'IN' | 'NOT IN'): Operand {
    const { kind, start, end, text } = this.#token
    if (this.#isSymbol('*')) {
      this.#take()
      return { kind: 'any', start, end }
    }
    if (kind === 'placeholder') {
      if (operator === 'NOT IN') this.#placeholderWithNotIn()
      this.#take()
      if (this.#isSymbol(',')) this.#notAlone(start)
      return { kind: 'placeholder', name: text, start, end }
    }
    const values = [this.#literal('a value in quotes, a number, a placeholder or *')]
    while (this.#isSymbol(',')) {
      this.#take()
      if (this.#token.kind === 'placeholder') {
        if (operator === 'NOT IN') this.#placeholderWithNotIn()
        this.#notAlone(this.#token.start)
      }
      values.push(this.#literal('a value in quotes or a number after the comma'))
    }
    return { kind: 'values', values }
  }

  /** What follows a comparison. */
  #operand(): Operand {
    if (this.#isWord('CurrentItem')) return { kind: 'currentItem', field: this.#field() }
    const inside = this.#isSymbol('(')
    if (inside) this.#take()
    const { kind, start, end, text } = this.#token
    if (kind === 'placeholder') {
      this.#take()
      if (inside) {
        if (!this.#isSymbol(')')) this.#expected(')')
        this.#take()
      }
      return { kind: 'placeholder', name: text, start, end }
    }
    if (inside) return this.#expected('a placeholder in the parentheses (a list goes with IN)')
    return { kind: 'values', values: [this.#literal('a value in quotes, a number, a placeholder or CurrentItem')] }
  }

  #literal(expected: string): Literal {
    const { kind, text, start, end } = this.#token
    if (kind !== 'string' && kind !== 'number') return this.#expected(expected)
    this.#take()
    return { text, quoted: kind === 'string', start, end }
  }

  #placeholderWithNotIn(): never {
    const { text, start, end } = this.#token
    throw new FilterError(
      'PLACEHOLDER_WITH_NOT_IN',
      `Could not create filter. Invalid input symbol: $${text}. Placeholders are not allowed with NOT_IN operator.`,
      this.#lexer.source,
      { start, end },
    )
  }

  #notAlone(start: number): never {
    throw invalidExpression(
      'PLACEHOLDER_NOT_ALONE',
      'a placeholder stands alone in a list: its value can be a list itself.',
      this.#lexer.source,
      { start, end: this.#token.end },
    )
  }

  #take(): Token {
    const taken = this.#token
    this.#lastEnd = taken.end
    this.#token = this.#lexer.next()
    return taken
  }

  #isWord = (word: string): boolean =>
    this.#token.kind === 'word' && this.#token.text.toUpperCase() === word.toUpperCase()

  #isSymbol = (symbol: string): boolean => this.#token.kind === 'symbol' && this.#token.text === symbol

  #expected(what: string): never {
    const { kind, text } = this.#token
    const found = { end: 'the expression ends', placeholder: `$${text} was found`, string: 'a string was found' }
    this.#fail('SYNTAX', `${what} was expected, and ${found[kind as keyof typeof found] ?? `${text} was found`}.`)
  }

  #fail(code: FilterErrorCode, sentence: string): never {
    const { start, end }: Span = this.#token
    throw invalidExpression(code, sentence, this.#lexer.source, { start, end })
  }
}
