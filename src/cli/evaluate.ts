/** `sommelier evaluate`: how good a trained model is, how sure that is, what popularity reaches, for whom it is good, and what was chosen. */
import type { ContextChoice, Evaluation, NewcomerChoice, PoolChoice, RecipeChoice } from './answers.ts'
import { command } from './command.ts'
import { comparisonSections } from './comparisonText.ts'
import { BAR_CELLS, decimal, labelOf, percent, range, signed } from './metricText.ts'
import { nameOf } from './progressLine.ts'
import { count, fineBar, printable, styleOf, table } from './text.ts'

export const evaluate = command({
  usage: 'evaluate ARN [--json] [--endpoint URL]',
  summary: 'Shows how good a solution version or a recommender is, beside popularity, and how sure that is.',
  details: ['  --json           the answer as the server gave it'],
  flags: { json: { type: 'boolean' } },
  words: 1,
  async run(wire, { words: [resourceArn], flags }, io) {
    const evaluation = await wire.describeEvaluation(resourceArn)
    if (flags.json) {
      io.out.write(`${JSON.stringify(evaluation)}\n`)
      return 0
    }
    const style = styleOf(io.out, io.env)
    const sections = 'comparison' in evaluation ? comparisonSections(evaluation) : listSections(evaluation)
    for (const [number, [first, ...rest]] of sections.entries())
      io.out.write(`${number > 0 ? '\n' : ''}${style.bold(first)}\n${rest.map(line => `${line}\n`).join('')}`)
    return 0
  },
})

const listSections = (evaluation: Evaluation): string[][] => [
  heading(evaluation),
  metricLines(evaluation),
  historyLines(evaluation),
  listLines(evaluation),
  ...(evaluation.trends ? [trendLines(evaluation.trends)] : []),
  ...(evaluation.recipes ? [recipeLines(evaluation.recipes)] : []),
  ...(evaluation.contexts ? [contextLines('CONTEXTS', evaluation.contexts.history)] : []),
  ...(evaluation.contexts?.newcomers
    ? [contextLines('CONTEXTS OF PEOPLE WITHOUT A HISTORY', evaluation.contexts.newcomers)]
    : []),
  ...(evaluation.newcomers ? [newcomerLines(evaluation.newcomers)] : []),
  ...(evaluation.choice ? [choiceLines(evaluation.choice)] : []),
]

const heading = ({ resourceArn, recipeArn, userCount, confidence, resamples }: Evaluation): string[] => [
  `${nameOf(resourceArn)}  ${nameOf(recipeArn)}`,
  `${count(userCount)} users that the model had not seen; intervals of ${percent(confidence)} by ${count(resamples)} bootstrap samples of them.`,
]

function metricLines({ model, popularity, recentPopularity, gain }: Evaluation): string[] {
  const names = Object.keys(model.metrics)
  const most = Math.max(...names.map(name => model.metrics[name].value), 0)
  const rows = names.map(name => [
    labelOf(name),
    decimal(model.metrics[name].value),
    fineBar(most > 0 ? model.metrics[name].value / most : 0, BAR_CELLS),
    range(model.metrics[name], decimal),
    decimal(popularity.metrics[name].value),
    decimal(recentPopularity.metrics[name].value),
    signed(gain[name].value),
    range(gain[name], signed),
  ])
  const right = new Set(['MODEL', 'POPULARITY', 'LAST 7 DAYS', 'GAIN'])
  return [
    ...table(['METRIC', 'MODEL', '', 'INTERVAL', 'POPULARITY', 'LAST 7 DAYS', 'GAIN', 'ITS INTERVAL'], rows, right),
    'LAST 7 DAYS is the popularity of the newest week. GAIN is the model less popularity, user by user.',
    'NDCG@K is that of GetSolutionMetrics: its ideal has the same hits on top. NDCG@K textbook, as papers print it: as many hits as there could be.',
  ]
}

const OF_BUCKETS = 'textbook_normalized_discounted_cumulative_gain_at_10'

function historyLines({ byHistoryLength }: Evaluation): string[] {
  const most = Math.max(...byHistoryLength.map(({ model }) => model[OF_BUCKETS].value), 0)
  const rows = byHistoryLength.map(({ from, to, userCount, model, popularity }) => [
    to === undefined ? `${from} and more` : from === to ? `${from}` : `${from} to ${to}`,
    count(userCount),
    decimal(model[OF_BUCKETS].value),
    fineBar(most > 0 ? model[OF_BUCKETS].value / most : 0, BAR_CELLS),
    range(model[OF_BUCKETS], decimal),
    decimal(popularity[OF_BUCKETS].value),
  ])
  const header = ['EVENTS BEFORE', 'USERS', labelOf(OF_BUCKETS).toUpperCase(), '', 'INTERVAL', 'POPULARITY']
  return table(header, rows, new Set(['USERS', header[2], 'POPULARITY']))
}

function listLines({ model, popularity, recentPopularity, cold, listLength }: Evaluation): string[] {
  const models = [model, popularity, recentPopularity]
  const rows = [
    ['coverage of the catalogue, by the first 25', ...models.map(({ coverage }) => percent(coverage))],
    ['novelty: self-information, in bits', ...models.map(({ novelty }) => novelty.toFixed(2))],
    ['similarity within a list: cosine of users', ...models.map(each => each.intraListSimilarity.toFixed(3))],
    ['share of cold items', ...models.map(({ coldItemShare }) => percent(coldItemShare))],
  ]
  return [
    ...table(
      [`LISTS OF ${listLength}`, 'MODEL', 'POPULARITY', 'LAST 7 DAYS'],
      rows,
      new Set(['MODEL', 'POPULARITY', 'LAST 7 DAYS']),
    ),
    `Cold items have fewer than ${cold.eventCount} events to learn from: ${percent(cold.itemShare)} of the items, ${percent(cold.heldOutShare)} of what the users did next.`,
  ]
}

const trendLines = ({ moments, model, popularity }: NonNullable<Evaluation['trends']>): string[] => [
  `TRENDS  at ${count(moments)} moments at which something rose`,
  `The first 25 had ${percent(model)} of the increase that the best 25 would have had; those of popularity ${percent(popularity)}.`,
]

function choiceLines(choice: PoolChoice): string[] {
  const { heldOutPairCount, combination, fittedBy, solved, ridges, tried, experts, popularityWeight } = choice
  const most = Math.max(...tried.map(({ ndcgAt10 }) => ndcgAt10), 0)
  const isChosen = (way: { combination: string; fittedBy: string }) =>
    way.combination === combination && way.fittedBy === fittedBy
  const surpassed = tried.some(way => isChosen(way) && way.ndcgAt10 < most)
  const ways = tried.map(way => [
    `${printable(way.combination)} pool, weights by ${printable(way.fittedBy)}`,
    decimal(way.ndcgAt10),
    fineBar(most > 0 ? way.ndcgAt10 / most : 0, BAR_CELLS),
    isChosen(way) ? 'chosen' : '',
  ])
  const whose = experts.map(expert => [
    printable(expert.name),
    expert.weight === 0 ? 'left out' : expert.weight.toFixed(3),
    expert.ndcgAt10 === undefined ? '' : decimal(expert.ndcgAt10),
    String(Number(expert.regularization.toPrecision(4))),
  ])
  const grounds =
    fittedBy === 'default'
      ? `too few held-out events (${count(heldOutPairCount)}) to fit weights, which are those that other data had`
      : `chosen on ${count(heldOutPairCount)} events held out of the training, by NDCG@10`
  return [
    `POOL  ${printable(combination)}, solved over ${printable(solved)}: ${grounds}`,
    ...(ways.length > 0 ? table(['WAY', 'NDCG@10', '', ''], ways, new Set(['NDCG@10'])) : []),
    ...(surpassed ? ['Weights fitted to NDCG fit chance too: they are taken only where they are clearly better.'] : []),
    ...(ridges.length > 0
      ? [`regularization tried: ${ridges.map(each => `× ${each.factor} ${decimal(each.ndcgAt10)}`).join(', ')}`]
      : []),
    ...table(['EXPERT', 'WEIGHT', 'ALONE', 'REGULARIZATION'], whose, new Set(['WEIGHT', 'ALONE', 'REGULARIZATION'])),
    ...(popularityWeight !== 0 ? [`popularity, weight ${popularityWeight.toFixed(3)}`] : []),
  ]
}

function recipeLines({ metric, candidates }: RecipeChoice): string[] {
  const most = Math.max(...candidates.map(({ score }) => score), 0)
  const rows = candidates.map(({ recipe, score, tries, hyperparameters }, place) => [
    printable(recipe),
    decimal(score),
    fineBar(most > 0 ? score / most : 0, BAR_CELLS),
    String(tries),
    Object.entries(hyperparameters)
      .map(([name, value]) => `${printable(name)} ${printable(value)}`)
      .join(', '),
    place === 0 ? 'chosen' : '',
  ])
  const label = labelOf(metric).toUpperCase()
  return [
    'CHOICE OF THE RECIPE  by people who have no part in the evaluation above',
    ...table(['RECIPE', label, '', 'TRIES', 'BEST WITH', ''], rows, new Set([label, 'TRIES'])),
  ]
}

/** Of half-lives, which are whole hours or days. */
function duration(seconds: number): string {
  const [amount, unit] = seconds < 86_400 ? [seconds / 3600, 'hour'] : [seconds / 86_400, 'day']
  return amount === 1 ? `1 ${unit}` : `${count(amount)} ${unit}s`
}

function contextLines(title: string, { heldOutEventCount, columns, unheard, ndcgAt10 }: ContextChoice): string[] {
  const rows = columns.map(({ column, values, weight, gain }) => [
    printable(column),
    count(values),
    weight.toFixed(2),
    // Of those without a history it is the likelihood that is judged.
    ndcgAt10 ? signed(gain) : `events ${Math.exp(gain).toFixed(2)} times as likely`,
  ])
  return [
    `${title}  by ${count(heldOutEventCount)} events held out`,
    ...(rows.length > 0
      ? table(
          ['COLUMN', 'VALUES', 'WEIGHT', 'GAIN'],
          rows,
          new Set(['VALUES', 'WEIGHT', ...(ndcgAt10 ? ['GAIN'] : [])]),
        )
      : []),
    ...(ndcgAt10
      ? [
          `NDCG@10 of what came next: ${decimal(ndcgAt10.with)} in its context, ${decimal(ndcgAt10.without)} without. The metrics above are without.`,
        ]
      : []),
    ...(unheard.length > 0 ? [`No clear difference: ${unheard.map(printable).join(', ')}`] : []),
  ]
}

function newcomerLines({ heldOutUserCount, beginnings, lately, attributes }: NewcomerChoice): string[] {
  const likelier = (gain: number) => `events ${Math.exp(gain).toFixed(2)} times as likely`
  return [
    `PEOPLE WITHOUT A HISTORY  by ${count(heldOutUserCount)} people held out`,
    beginnings
      ? `They get what people begin with, the first ${beginnings.events === 1 ? 'event' : `${beginnings.events} events`} of each: ${likelier(beginnings.gain)} as by popularity.`
      : 'They get what is popular: what people begin with is nothing else.',
    ...(lately
      ? [
          `What was long ago counts less, half after ${duration(lately.seconds)}: ${likelier(lately.gain)} for ${count(lately.heldOutUserCount)} people who came last.`,
        ]
      : []),
    attributes
      ? `What USERS tells of them, ${count(attributes.count)} attributes: ${likelier(attributes.gain)} again.`
      : 'What USERS may tell of them makes no clear difference.',
  ]
}
