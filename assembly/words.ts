/** Reading a parameter block (src/kernels/parameters.ts). */
import { TEAM_STOPPED } from '../src/kernels/parameters'

/** Which thread of the team this instance is: set once after instantiation; picks its scratch area. */
export let thread: i32 = 0

@inline
export function word(params: usize, index: i32): u32 {
  return load<u32>(params + (<usize>index << 2))
}

@inline
export function setWord(params: usize, index: i32, value: u32): void {
  store<u32>(params + (<usize>index << 2), value)
}

@inline
export function setFloat(params: usize, index: i32, value: f32): void {
  store<f32>(params + (<usize>index << 2), value)
}

@inline
export function float(params: usize, index: i32): f32 {
  return load<f32>(params + (<usize>index << 2))
}

/** The team's block lies at address 0. */
@inline
export function stopped(): bool {
  return atomic.load<i32>(<usize>TEAM_STOPPED << 2) != 0
}
