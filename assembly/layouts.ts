/** Blocks of a system (cholesky.ts) from one layout to another: panels of 16 to panels of the transpose, and panels to strips of 6. */
import { TILE_COLUMNS, TILE_ROWS } from '../src/kernels/parameters'

const PANEL_ROW_BYTES: usize = TILE_COLUMNS * 4
const STRIP_ROW_BYTES: usize = TILE_ROWS * 4
/** Two numbers are copied as one: both layouts hold an even number of them side by side. */
const PAIR = 2

/** Four rows of four at `from` become columns at `to`; rows of both are those of a panel. */
@inline
function transpose4(from: usize, to: usize, negative: bool): void {
  let a = v128.load(from)
  let b = v128.load(from + PANEL_ROW_BYTES)
  let c = v128.load(from + 2 * PANEL_ROW_BYTES)
  let d = v128.load(from + 3 * PANEL_ROW_BYTES)
  if (negative) {
    a = f32x4.neg(a)
    b = f32x4.neg(b)
    c = f32x4.neg(c)
    d = f32x4.neg(d)
  }
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5))
  v128.store(to + PANEL_ROW_BYTES, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7))
  v128.store(to + 2 * PANEL_ROW_BYTES, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5))
  v128.store(to + 3 * PANEL_ROW_BYTES, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7))
}

/** to[i / 16][j][i mod 16] = ± from[j / 16][i][j mod 16], i and j below `block`. */
@inline
function transposed(from: usize, to: usize, block: i32, negative: bool): void {
  for (let p = 0; p < block; p += TILE_COLUMNS) {
    for (let q = 0; q < block; q += TILE_COLUMNS) {
      const source = from + <usize>(p * block + q * TILE_COLUMNS) * 4
      const target = to + <usize>(q * block + p * TILE_COLUMNS) * 4
      for (let i = 0; i < TILE_COLUMNS; i += 4) {
        for (let j = 0; j < TILE_COLUMNS; j += 4) {
          transpose4(source + <usize>(i * TILE_COLUMNS + j) * 4, target + <usize>(j * TILE_COLUMNS + i) * 4, negative)
        }
      }
    }
  }
}

export function transposePanels(from: usize, to: usize, block: i32): void {
  transposed(from, to, block, false)
}

export function transposeNegative(from: usize, to: usize, block: i32): void {
  transposed(from, to, block, true)
}

/** strips[i / 6][k][i mod 6] = panels[i / 16][k][i mod 16], i and k below `block`. */
export function stripsOf(panels: usize, strips: usize, block: i32): void {
  const panelBytes = <usize>block * PANEL_ROW_BYTES
  const stripBytes = <usize>block * STRIP_ROW_BYTES
  for (let i = 0; i < block; i += PAIR) {
    const p = i / TILE_COLUMNS
    const s = i / TILE_ROWS
    let from = panels + <usize>p * panelBytes + (<usize>(i - p * TILE_COLUMNS) << 2)
    let to = strips + <usize>s * stripBytes + (<usize>(i - s * TILE_ROWS) << 2)
    const end = to + stripBytes
    while (to < end) {
      store<u64>(to, load<u64>(from))
      from += PANEL_ROW_BYTES
      to += STRIP_ROW_BYTES
    }
  }
}
