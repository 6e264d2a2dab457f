/**
 * Register tiles as AssemblyScript: the accumulators of a tile are repetition, and the revectorizer (design/performance.md §1) wants them
 * spelled out, so this script writes them. Rows and columns are parameters. Pairs of 16-byte stores become 32-byte ones, and what leads to them
 * follows; all loads of an epilogue come before its stores, since interleaved ones are not revectorized.
 */

const range = count => Array.from({ length: count }, (_, i) => i)

/** One pass over the depth: the vectors at `offsets` of b's rows, which are `panelBytes` wide; `finish` says what becomes of the sums. */
function pass({ rows, offsets, panelBytes, start, product, finish }) {
  const vectors = offsets.length
  const cells = range(rows).flatMap(m => range(vectors).map(x => ({ m, x, sum: `c${m}_${x}` })))
  return `  {
    let ${cells.map(({ m, sum }) => `${sum} = ${start(m)}`).join(', ')}
    let x = a
    let y = b
    const end = b + <usize>depth * ${panelBytes}
    while (y < end) {
      const ${range(vectors)
        .map(v => `b${v} = v128.load(y, ${offsets[v]})`)
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
${pass({ rows, offsets: range(vectors).map(v => 16 * v), panelBytes: columns * 4, start: () => 'f32x4.splat(0)', product, finish })}
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
      offsets: range(columns / 4).map(v => from + 16 * v),
      panelBytes: panel * 4,
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
 * How a screening tile multiplies and adds up four dimensions of four items. `long`: in 32 bits, one instruction where the processor has it (VNNI) and
 * else three. `short`: in 16 bits, the first two dimensions of each four beside the other two, in two instructions; both sums are added at the end.
 */
const SCREENS = {
  long: {
    product: (a, b, c) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${a}, ${b}, ${c})`,
    whole: c => c,
    startAt: m => 4 * m,
  },
  short: {
    product: (a, b, c) => `i16x8.add(${c}, i16x8.relaxed_dot_i8x16_i7x16_s(${a}, ${b}))`,
    whole: c => `i32x4.extadd_pairwise_i16x8_s(${c})`,
    startAt: (m, rows) => 4 * (rows + m),
  },
}

/**
 * longMxN, shortMxN(c, bytes, a, b, depth, greatest): row m of c, rows `bytes` apart, is i16[16] = start[m] + Σ_f a[f][M] · b[f][16], f over fours of
 * dimensions. a: i32 start[M]; i16[M][2], the starts of the two sums of 16 bits; i8[f][M][4]. b: [f][16][4] of 7-bit numbers, columns 0 … 3, 8 … 11,
 * 4 … 7, 12 … 15 of a four beside each other: vectors of 256 bits are narrowed by halves. greatest, i16[M][16]: the greatest so far of each column.
 */
export function screenTile(kind, rows, columns) {
  const { product, whole, startAt } = SCREENS[kind]
  // Eight columns, a vector of results, come from two vectors of sums.
  const passes = (columns === 16 ? [[0, 1]] : [[0], [1]]).map(halves => {
    const offsets = columns === 16 ? [0, 16, 32, 48] : halves.flatMap(half => [16 * half, 16 * half + 32])
    const finish = cells =>
      range(rows)
        .map(m => {
          const sums = cells.filter(cell => cell.m === m).map(({ sum }) => whole(sum))
          const each = text => halves.map((half, i) => text(half, i, 32 * m + 16 * half))
          return `    const ${each((half, i) => `n${half} = i16x8.narrow_i32x4_s(${sums[i]}, ${sums[i + halves.length]})`).join(', ')}
    const ${each((half, _, at) => `g${half} = i16x8.max_s(v128.load(greatest, ${at}), n${half})`).join(', ')}
    ${each(half => `v128.store(r${m}, n${half}, ${16 * half})`).join('; ')}
    ${each((half, _, at) => `v128.store(greatest, g${half}, ${at})`).join('; ')}`
        })
        .map(row => `    {\n${row}\n    }`)
        .join('\n')
    const start = m => `v128.load32_splat(starts, ${startAt(m, rows)})`
    return pass({ rows, offsets, panelBytes: 64, start, product, finish })
  })
  return `export function ${kind}${rows}x${columns}(c: usize, bytes: usize, a: usize, b: usize, depth: i32, greatest: usize): void {
${resultRows(rows)}
  const starts = a
  a += ${8 * rows}
${passes.join('\n')}
}
`
}
