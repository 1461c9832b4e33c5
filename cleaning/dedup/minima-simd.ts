/**
 * The inner loop of MinHash in WebAssembly: sixteen hash functions at a time in four vectors of four, of which
 * JavaScript can say nothing. Assembled here, since a page of bytes is shorter than a toolchain.
 *
 *   memory   │ multipliers │ offsets │ minimum so far │ … │ shingles of one portion │
 */
const FUNCTIONS = 112;
const OFFSETS_AT = 4 * FUNCTIONS;
const MINIMUM_AT = 8 * FUNCTIONS;
const SHINGLES_AT = 2048;
/** Shingles of one call: what the first cache holds. */
const PORTION = 4096;

const VECTORS = [0, 1, 2, 3];
/** Locals: the parameter, two counters, then vectors. */
const END = 0;
const GROUP = 1;
const AT = 2;
const MULTIPLIER = 3;
const OFFSET = 7;
const LEAST = 11;
const HASH = 15;

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
const signedLeb = (value: number): number[] =>
  value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
const constant = (value: number): number[] => [0x41, ...signedLeb(value)];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const load = (at: number): number[] => [0xfd, 0x00, 0x04, ...leb(at)];
const loadSplat = [0xfd, 0x09, 0x02, 0x00];
const store = (at: number): number[] => [0xfd, 0x0b, 0x04, ...leb(at)];
const [mul, add, min] = [
  [0xfd, 0xb5, 0x01],
  [0xfd, 0xae, 0x01],
  [0xfd, 0xb6, 0x01],
];
/** Goes on with the loop while local + step, kept, is below what is on the stack behind it. */
const whileBelow = (local: number, step: number, bound: readonly number[]): number[] => [
  ...[...get(local), ...constant(step), 0x6a, 0x22, local],
  ...[...bound, 0x49, 0x0d, 0x00],
];

const BODY = [
  ...[0x03, 0x40], // loop over groups of sixteen functions
  ...VECTORS.flatMap((k) => [...get(GROUP), ...load(16 * k), ...set(MULTIPLIER + k)]),
  ...VECTORS.flatMap((k) => [...get(GROUP), ...load(OFFSETS_AT + 16 * k), ...set(OFFSET + k)]),
  ...VECTORS.flatMap((k) => [...get(GROUP), ...load(MINIMUM_AT + 16 * k), ...set(LEAST + k)]),
  ...[...constant(SHINGLES_AT), ...set(AT)],
  ...[0x03, 0x40], // loop over shingles
  ...[...get(AT), ...loadSplat, ...set(HASH)],
  ...VECTORS.flatMap((k) => [
    ...[...get(HASH), ...get(MULTIPLIER + k), ...mul, ...get(OFFSET + k), ...add],
    ...[...get(LEAST + k), ...min, ...set(LEAST + k)],
  ]),
  ...[...whileBelow(AT, 4, get(END)), 0x0b],
  ...VECTORS.flatMap((k) => [...get(GROUP), ...get(LEAST + k), ...store(MINIMUM_AT + 16 * k)]),
  ...[...whileBelow(GROUP, 64, constant(OFFSETS_AT)), 0x0b],
];

const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

function assemble(): Uint8Array<ArrayBuffer> {
  const locals = [2, 2, 0x7f, 13, 0x7b]; // two i32, thirteen v128
  const code = [...locals, ...BODY, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]), // (end: i32) → nothing
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 1]), // one page of memory
    ...section(7, [2, ...name('memory'), 0x02, 0, ...name('minima'), 0x00, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

/**
 * What `minima` of minhash.ts computes, for these hash functions; `undefined` where the processor has no such vectors.
 * @param multipliers and offsets of 112 functions
 */
export function simdMinima(
  multipliers: Int32Array,
  offsets: Int32Array,
): ((shingleHashes: Int32Array) => Int32Array) | undefined {
  const bytes = assemble();
  if (!WebAssembly.validate(bytes)) return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, minima } = exports as { memory: WebAssembly.Memory; minima: (end: number) => void };
  const words = new Int32Array(memory.buffer);
  words.set(multipliers, 0);
  words.set(offsets, OFFSETS_AT / 4);
  const minimum = words.subarray(MINIMUM_AT / 4, MINIMUM_AT / 4 + FUNCTIONS);
  return (shingleHashes) => {
    minimum.fill(0x7fffffff);
    for (let start = 0; start < shingleHashes.length; start += PORTION) {
      const portion = shingleHashes.subarray(start, start + PORTION);
      words.set(portion, SHINGLES_AT / 4);
      minima(SHINGLES_AT + 4 * portion.length);
    }
    return minimum.slice();
  };
}
