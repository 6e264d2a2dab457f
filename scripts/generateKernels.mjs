/**
 * Register tiles as AssemblyScript: the accumulators of a tile are repetition, and the revectorizer (design/performance.md §1) wants them
 * spelled out, so this script writes them. Rows and columns are parameters. Pairs of 16-byte stores become 32-byte ones, and what leads to them
 * follows; all loads of an epilogue come before its stores, since interleaved ones are not revectorized.
 */

const range = count => Array.from({ length: count }, (_, i) => i)

/** One pass over the depth: `columns` of the panel's `panelBytes` wide rows of b, from byte `from` on; `finish` says what becomes of the sums. */
function pass({ rows, vectors, panelBytes, from, start, product, finish }) {
  const cells = range(rows).flatMap(m => range(vectors).map(x => ({ m, x, sum: `c${m}_${x}` })))
  return `  {
    let ${cells.map(({ m, sum }) => `${sum} = ${start(m)}`).join(', ')}
    let x = a
    let y = b
    const end = b + <usize>depth * ${panelBytes}
    while (y < end) {
      const ${range(vectors)
        .map(v => `b${v} = v128.load(y, ${from + 16 * v})`)
        .join(', ')}
${range(rows)
  .map(
    m => `      const a${m} = v128.load32_splat(x, ${4 * m})
      ${range(vectors)
        .map(v => `c${m}_${v} = ${product(`a${m}`, `b${v}`, `c${m}_${v}`)}`)
        .join('; ')}`,
  )
  .join('\n')}
      y += ${panelBytes}
      x += ${4 * rows}
    }
${finish(cells)}
  }`
}

export const HEADER = '// Written by scripts/generateKernels.mjs.\n'

/** tile(c, a, b, depth): c[M][N] -= Σ_k a[k][M] · b[k][N], k ascending from zero, then one subtraction an element. */
export function updateTile(rows, columns) {
  const vectors = columns / 4
  const at = (m, x) => m * columns * 4 + 16 * x
  const finish = cells =>
    range(rows)
      .map(m => cells.filter(cell => cell.m === m))
      .map(
        row => `    const ${row.map(({ m, x }) => `o${m}_${x} = v128.load(c, ${at(m, x)})`).join(', ')}
    ${row.map(({ m, x, sum }) => `v128.store(c, f32x4.sub(o${m}_${x}, ${sum}), ${at(m, x)})`).join('; ')}`,
      )
      .join('\n')
  const product = (a, b, c) => `f32x4.relaxed_madd(${a}, ${b}, ${c})`
  return `${HEADER}export function tile(c: usize, a: usize, b: usize, depth: i32): void {
${pass({ rows, vectors, panelBytes: columns * 4, from: 0, start: () => 'f32x4.splat(0)', product, finish })}
}
`
}

/** The addresses of a tile's rows of results. */
const resultRows = rows =>
  range(rows)
    .map(m => `  const r${m} = ${m === 0 ? 'c' : `r${m - 1} + bytes`}`)
    .join('\n')

/**
 * scoreMxN(c, bytes, a, b, depth): row m of c, rows `bytes` apart, is f32[panel] = Σ_k a[k][M] · b[k][panel], k ascending from zero.
 * `columns` at a time: as many passes as the panel takes.
 */
export function scoreTile(rows, columns, panel) {
  const product = (a, b, c) => `f32x4.relaxed_madd(${a}, ${b}, ${c})`
  const passes = range(panel / columns).map(p => {
    const from = p * columns * 4
    const finish = cells => cells.map(({ m, x, sum }) => `    v128.store(r${m}, ${sum}, ${from + 16 * x})`).join('\n')
    return pass({
      rows,
      vectors: columns / 4,
      panelBytes: panel * 4,
      from,
      start: () => 'f32x4.splat(0)',
      product,
      finish,
    })
  })
  return `export function score${rows}x${columns}(c: usize, bytes: usize, a: usize, b: usize, depth: i32): void {
${resultRows(rows)}
${passes.join('\n')}
}
`
}

/**
 * screenMxN(c, bytes, a, b, depth, greatest): row m of c, rows `bytes` apart, is i16[panel] = start[m] + Σ_p a[p][M] · b[p][panel], p over
 * pairs of dimensions, modulo 2¹⁶. a: i16 start[m] at 2m, `headerBytes` of them, then [pair][M] of a pair of i8 written twice.
 * b: [pair][panel] of a pair of 7-bit numbers. greatest, i16[M][16]: lane l becomes the greatest so far of the columns ≡ l mod 16.
 */
export function screenTile(rows, columns, panel, headerBytes) {
  const vectors = columns / 8
  const product = (a, b, c) => `i16x8.add(${c}, i16x8.relaxed_dot_i8x16_i7x16_s(${a}, ${b}))`
  const passes = range(panel / columns).map(p => {
    const from = p * columns * 2
    const greatest = m => range(2).map(half => ({ half, name: `g${m}_${half}`, at: 32 * m + 16 * half }))
    const finish = cells =>
      range(rows)
        .map(m => {
          const row = cells.filter(cell => cell.m === m)
          const most = half =>
            row
              .filter(({ x }) => x % 2 === half)
              .reduce((sum, cell) => `i16x8.max_s(${sum}, ${cell.sum})`, `g${m}_${half}`)
          return `    const ${greatest(m)
            .map(({ name, at }) => `${name} = v128.load(greatest, ${at})`)
            .join(', ')}
    ${row.map(({ x, sum }) => `v128.store(r${m}, ${sum}, ${from + 16 * x})`).join('; ')}
    const ${greatest(m)
      .map(({ half }) => `n${m}_${half} = ${most(half)}`)
      .join(', ')}
    ${greatest(m)
      .map(({ half, at }) => `v128.store(greatest, n${m}_${half}, ${at})`)
      .join('; ')}`
        })
        .join('\n')
    const start = m => `v128.load16_splat(s${m})`
    return pass({ rows, vectors, panelBytes: panel * 2, from, start, product, finish })
  })
  return `export function screen${rows}x${columns}(c: usize, bytes: usize, a: usize, b: usize, depth: i32, greatest: usize): void {
${resultRows(rows)}
${range(rows)
  .map(m => `  const s${m} = a + ${2 * m}`)
  .join('\n')}
  a += ${headerBytes}
${passes.join('\n')}
}
`
}
