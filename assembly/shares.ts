/** From scores to probabilities. */
import {
  FACTOR_COUNTS,
  FACTOR_EXACT_TOTALS,
  FACTOR_GROUP,
  FACTOR_ITEM_COUNT,
  FACTOR_ITEMS,
  FACTOR_KNOWN_BEST,
  FACTOR_POSITION_OF,
  FACTOR_PROBABILITIES,
  FACTOR_QUERY_COUNT,
  FACTOR_SCORES,
  FACTOR_SHARPNESS,
  FACTOR_SORTING,
  FACTOR_WANTED,
} from '../src/kernels/factorParameters'
import { addHistory } from './estimate'
import { MODE, PRIOR, stateOf } from './queryState'
import { addUp, totalsOf, weighRow } from './sumWeights'
import { exp4 } from './transcendentals'
import { float, word } from './words'

/** exp(x) in f32, for any x; beyond 87 either way it is as at 87, or 0. */
@inline
function exp(x: f32): f64 {
  const power = <f64>f32x4.extract_lane(exp4(f32x4.splat(-min<f32>(abs(x), 87))), 0)
  return x > 0 ? 1 / power : x < -87 ? 0 : power
}

/** f32[4] of x / divisor for x ≥ 0 in f64, none rounded up. */
@inline
function downQuotients(x: v128, divisor: v128): v128 {
  const q01 = f64x2.div(f64x2.promote_low_f32x4(x), divisor)
  const q23 = f64x2.div(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), divisor)
  const n01 = f32x4.demote_f64x2_zero(q01)
  const n23 = f32x4.demote_f64x2_zero(q23)
  const above01 = f64x2.gt(f64x2.promote_low_f32x4(n01), q01)
  const above23 = f64x2.gt(f64x2.promote_low_f32x4(n23), q23)
  const above = v128.shuffle<f32>(above01, above23, 0, 2, 4, 6)
  return i32x4.add(v128.shuffle<f32>(n01, n23, 0, 1, 4, 5), above) // -1 where it was rounded up
}

/**
 * PROBABILITIES of all queries with a history, from their SCORES and TOTALS: exp(sharpness · score) over the greater of two sums: what is known,
 * which is the first group, the best KNOWN_BEST and the newest of the history, with an estimate of the others; and all that was chosen. So those of a
 * query are never above 1 together. Weights are relative to the greatest score that is known. One task.
 */
export function shares(params: usize, _task: i32): void {
  const wanted = <usize>word(params, FACTOR_WANTED)
  const sharpness = float(params, FACTOR_SHARPNESS)
  const positions = <usize>word(params, FACTOR_POSITION_OF)
  const weights = <usize>word(params, FACTOR_SORTING) // as many f32 as there are items, and more
  const exact = word(params, FACTOR_EXACT_TOTALS) != 0
  const others = <i32>word(params, FACTOR_ITEM_COUNT) - FACTOR_GROUP
  for (let query = 0; query < <i32>word(params, FACTOR_QUERY_COUNT); query++) {
    const found = <usize>load<u32>(<usize>word(params, FACTOR_COUNTS) + (<usize>query << 2))
    if (found == 0 || load<u32>(stateOf(params, query), MODE) == PRIOR) continue
    const row = (<usize>query * wanted) << 2
    const scores = <usize>word(params, FACTOR_SCORES) + row
    const items = <usize>word(params, FACTOR_ITEMS) + row
    const probabilities = <usize>word(params, FACTOR_PROBABILITIES) + row
    const totals = totalsOf(params, query)
    const best = min<i32>(<i32>found, FACTOR_KNOWN_BEST)
    let known = exact ? 0 : addHistory(params, query, items, best)
    const greatest = <f32>load<f64>(totals)
    const reference = max(greatest, load<f32>(scores))
    weighRow(scores, ((found + 7) & ~7) << 2, reference, sharpness, weights)
    for (let i = found; i & 3; i++) store<f32>(weights + (i << 2), 0)
    const chosen = addUp(weights, ((found + 3) & ~3) << 2)
    let beyond: f64 = 0
    for (let i: usize = 0; i < <usize>best; i++) {
      // Without a branch: about half of the best are in the first group, and nothing tells which.
      const isBeyond = <u32>(load<u32>(positions + (<usize>load<u32>(items + (i << 2)) << 2)) >= <u32>FACTOR_GROUP)
      beyond += <f64>reinterpret<f32>(load<u32>(weights + (i << 2)) & -isBeyond)
      known += <i32>isBeyond
    }
    const added = load<f64>(totals, 8) * exp(sharpness * (greatest - reference))
    const rest = exp(<f32>(load<f64>(totals, 16) - <f64>sharpness * <f64>reference))
    const estimated = rest * (<f64>(others - known) / <f64>max(others, 1))
    const sum = max<f64>(exact ? added : added + beyond + estimated, chosen)
    const divisor = f64x2.splat(sum)
    let i: usize = 0
    for (; i + 4 <= found; i += 4) v128.store(probabilities + (i << 2), downQuotients(v128.load(weights + (i << 2)), divisor))
    for (; i < found; i++) {
      const quotients = downQuotients(f32x4.splat(load<f32>(weights + (i << 2))), divisor)
      store<f32>(probabilities + (i << 2), f32x4.extract_lane(quotients, 0))
    }
  }
}
