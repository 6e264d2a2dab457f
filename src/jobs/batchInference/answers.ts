/**
 * Lines of output, in the order in which they are given:
 *
 *   {"input":<the record as it came>,"output":{"recommendedItems":["…",…],"scores":[0.0213344,…],"reasons":[[],…]},"error":null}
 *   {"input":<the record, or its text as a string>,"output":null,"error":"<what was wrong at which line>"}
 *
 * `scores` and `reasons` as the recipe has them. A score is the item's probability by the softmax over the whole catalogue, as the
 * shortest decimal that reads back to the model's float32 (kernels/plain/float32Text.ts). Lines of the first kind are written by
 * assembly/answers.ts, those of the second here.
 */

/** `echo` is JSON that stands for the input where that is none. */
export const faultLine = (input: Buffer, echo: string | undefined, fault: string): Buffer =>
  Buffer.concat([
    Buffer.from('{"input":'),
    echo === undefined ? input : Buffer.from(echo),
    Buffer.from(`,"output":null,"error":${JSON.stringify(fault)}}\n`),
  ])
