/**
 * Patterns of a policy: '?' is one character, '*' any number of them. Within an ARN both stop at ':', but for a '*' that ends its segment,
 * which goes on over the colons behind it. Source: reference_policies_elements_resource.html, "Using wildcards in resource ARNs".
 */
export type Glob = (text: string) => boolean

export function glob(pattern: string): Glob {
  if (pattern === '*') return () => true
  if (!/[*?]/.test(pattern)) return text => text === pattern
  const beginning = pattern.slice(0, -1)
  if (pattern.endsWith('*') && !/[*?]/.test(beginning)) return text => text.startsWith(beginning)
  return text => matches(pattern, text)
}

/** Every place of the pattern that the text so far can have brought us to, so that no pattern takes more than its length times the text's. */
function matches(pattern: string, text: string): boolean {
  let places = passStars(pattern, new Set([0]))
  for (const char of text) {
    const next = new Set<number>()
    for (const place of places) {
      const expected = pattern[place]
      if (expected === '*') {
        const endsSegment = place + 1 === pattern.length || pattern[place + 1] === ':'
        if (char !== ':' || endsSegment) next.add(place)
      } else if (expected === char || (expected === '?' && char !== ':')) next.add(place + 1)
    }
    places = passStars(pattern, next)
    if (places.size === 0) return false
  }
  return places.has(pattern.length)
}

/** A star may stand for nothing. */
function passStars(pattern: string, places: Set<number>): Set<number> {
  for (const place of places) if (pattern[place] === '*') places.add(place + 1)
  return places
}
