/** Which name somebody meant. */

/** The known name with the fewest letters to change, if that is less than half of them; the first of equals. Case does not count. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.ceil(name.length / 2)
  for (const each of known) {
    const distance = editDistance(name.toUpperCase(), each.toUpperCase())
    if (distance < least) {
      best = each
      least = distance
    }
  }
  return best
}

/** Insertions, deletions, substitutions and swapped neighbours (Damerau 1964; the optimal string alignment of it). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(row[j - 1] + 1, rows[i - 1][j] + 1, rows[i - 1][j - 1] + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}
