/**
 * What a history's items weigh to an expert when one stands in it more than once: its places' weights are added up first, so that its row is
 * read once. People who come back to the same things have a third fewer rows to read.
 */

/**
 * The different items of `count` events, newest first, to u32 `sources`, and of each event to u32 `places` where among them its item stands. Answers
 * how many they are. `marks` is u32[columns], all 0 before and after; neither loop has a branch that depends on the items.
 */
export function findRepeats(events: usize, count: i32, sources: usize, places: usize, marks: usize): i32 {
  let found = 0
  for (const end = events + (<usize>count << 2); events < end; events += 4, places += 4) {
    const item = load<u32>(events)
    const mark = marks + (<usize>item << 2)
    const known = load<i32>(mark)
    store<u32>(sources + (<usize>found << 2), item)
    found += i32(known == 0)
    const place = known == 0 ? found : known
    store<i32>(mark, place)
    store<i32>(places, place - 1)
  }
  for (const end = sources + (<usize>found << 2); sources < end; sources += 4) {
    store<u32>(marks + (<usize>load<u32>(sources) << 2), 0)
  }
  return found
}

/** The sums of `count` weights of a kernel by `places`, each from the newest event on, to f32 `weights`. Answers how many they are. */
export function addRepeats(kernel: usize, places: usize, count: i32, weights: usize): i32 {
  memory.fill(weights, 0, <usize>count << 2)
  let last = 0
  for (const end = places + (<usize>count << 2); places < end; places += 4, kernel += 4) {
    const place = load<i32>(places)
    const weight = weights + (<usize>place << 2)
    store<f32>(weight, load<f32>(weight) + load<f32>(kernel))
    last = max(last, place)
  }
  return last + 1
}
