/** `sommelier explain`: what a model recommends somebody, and which items of their history carried it. */
import { Refusal } from '../lib/refusal.ts'
import type { ExplainedList } from './answers.ts'
import { command, wholeNumber } from './command.ts'
import { nameOf } from './progressLine.ts'
import { count, fineBar, printable, styleOf, table } from './text.ts'

const RESULTS_DEFAULT = 10
/** The most that the server explains at once. */
const RESULTS_MOST = 100
const CARRIERS_DEFAULT = 3
/** The most that the server names. */
const CARRIERS_MOST = 10
const BAR_CELLS = 16

export const explain = command({
  usage:
    'explain ARN --user ID [--item ID] [--context COLUMN=VALUE]... [--num-results N] [--because N] [--json] [--endpoint URL]',
  summary: 'Shows what a solution version recommends somebody, and which items of their history carried it.',
  details: [
    '  --user ID        for whom',
    '  --item ID        this item alone, wherever it stands',
    '  --context C=V    in this context; may be given for several columns of INTERACTIONS',
    `  --num-results N  how many recommendations (1 to ${RESULTS_MOST}; default ${RESULTS_DEFAULT})`,
    `  --because N      how many items of the history for each (1 to ${CARRIERS_MOST}; default ${CARRIERS_DEFAULT}); the others are summed up`,
    '  --json           the answer as the server gave it',
  ],
  flags: {
    user: { type: 'string' },
    item: { type: 'string' },
    context: { type: 'string', multiple: true },
    'num-results': { type: 'string' },
    because: { type: 'string' },
    json: { type: 'boolean' },
  },
  words: 1,
  async run(wire, { words: [resourceArn], flags }, io) {
    if (flags.user === undefined) throw new Refusal('--user takes the id of a user; it was not given.')
    const most = { least: 1, most: RESULTS_MOST, otherwise: RESULTS_DEFAULT }
    const numResults = wholeNumber('num-results', flags['num-results'], most)
    const because = { least: 1, most: CARRIERS_MOST, otherwise: CARRIERS_DEFAULT }
    const carriers = wholeNumber('because', flags.because, because)
    const explained = await wire.explainRecommendations({
      resourceArn,
      userId: flags.user,
      itemId: flags.item,
      context: contextOf(flags.context as string[] | undefined),
      numResults,
    })
    if (flags.json) {
      io.out.write(`${JSON.stringify(explained)}\n`)
      return 0
    }
    const [first, ...rest] = explanationLines(explained, carriers)
    io.out.write(`${styleOf(io.out, io.env).bold(first)}\n${rest.map(line => `${line}\n`).join('')}`)
    return 0
  },
})

/** DEVICE=phone: what is before the first = is the column. */
function contextOf(given: readonly string[] = []): Record<string, string> | undefined {
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map(pair => {
      const at = pair.indexOf('=')
      if (at < 1) throw new Refusal(`--context takes COLUMN=VALUE; '${pair}' is not of that form.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function explanationLines(
  { resourceArn, recipeArn, userId, eventCount, unheard = [], items }: ExplainedList,
  most: number,
) {
  const heading = `${nameOf(resourceArn)}  ${nameOf(recipeArn)}  for ${printable(userId)}`
  const weights = items.flatMap(({ carriers }) => carriers.map(({ weight }) => weight))
  const greatest = Math.max(...weights, 0)
  const rows = items.flatMap(({ itemId, rank, probability, score, base, carriers, others, contexts = [] }) => {
    const left = carriers.slice(most)
    const rest = left.reduce((sum, { weight }) => sum + weight, others.weight)
    const restCount = left.length + others.items
    const because = [
      ...carriers.slice(0, most).map(({ itemId: of, events, weight }) => ({
        name: `${printable(of)}${events > 1 ? ` × ${count(events)}` : ''}`,
        weight,
        bar: fineBar(greatest > 0 ? weight / greatest : 0, BAR_CELLS),
      })),
      ...(restCount > 0 ? [{ name: `${count(restCount)} others`, weight: rest, bar: '' }] : []),
      ...contexts.map(({ column, weight }) => ({ name: printable(column), weight, bar: '' })),
      { name: carriers.length > 0 ? 'without them' : 'what everybody gets', weight: base, bar: '' },
    ]
    return because.map(({ name, weight, bar }, line) => [
      ...(line === 0 ? [count(rank), printable(itemId), probability.toFixed(4), score.toFixed(3)] : ['', '', '', '']),
      weight.toFixed(3),
      name,
      bar,
    ])
  })
  const right = new Set(['RANK', 'PROBABILITY', 'SCORE', 'WEIGHT'])
  const told =
    eventCount === 0
      ? 'The model has no events of theirs to look at: it gives what it gives to everybody it does not know.'
      : `By the newest ${count(eventCount)} events of theirs. A score is the sum of its weights; the softmax of scores gives probabilities.`
  return [
    heading,
    told,
    ...(unheard.length > 0 ? [`The model is not told anything by ${unheard.map(printable).join(', ')}.`] : []),
    '',
    ...table(['RANK', 'ITEM', 'PROBABILITY', 'SCORE', 'WEIGHT', 'CARRIED BY', ''], rows, right),
  ]
}
