/**
 * The loops over every byte of a text in WebAssembly with 16-byte vectors: what pretokenize.ts, byte-table.ts and
 * well-formed.ts do, for the common case. Each function stops where it has no answer (a key that is new, long, or beyond
 * the table's limit; the end of a window) and returns that place; the plain code goes on from there. So there is one
 * meaning, written in TypeScript, and this makes it faster (tests/tokenizer/scan-kernel.test.ts holds the two together).
 *
 * A Vietnamese syllable is ASCII letters, two-byte characters from C3 to CA (U+00C0…U+02BF, all letters but × and ÷)
 * and three-byte ones from E1 B8 to E1 BB (U+1E00…U+1EFF, all letters): known from one vector. All else takes the tables.
 */
import { HASH_FACTORS, HASH_MIX } from './byte-table.ts';
import { PAIR_FACTORS } from './pair-table.ts';
import { CLASS_MASK, NEWLINE, NUMBER, OTHER } from './unicode.ts';

/** Places in linear memory of what does not change. */
export interface KernelLayout {
  /** Class of each ASCII character, one byte each. */
  readonly ascii: number;
  /** 16 bytes of ones, then 16 of zeros: the mask of an n-byte key begins at 16 − n. */
  readonly mask: number;
  /** `blockOf` and `facts` of unicode.ts. */
  readonly blocks: number;
  readonly facts: number;
  /** Transitions of the automata of letters (pretokenize.ts) and of stable characters (well-formed.ts). */
  readonly letters: number;
  readonly lettersStop: number;
  readonly stable: number;
  readonly stableStop: number;
  /** Id of each byte. */
  readonly idOfByte: number;
  /** `vectorBytes`. */
  readonly vectors: number;
  /** Room for BATCH_BYTES, and for MADE_BYTES. */
  readonly found: number;
  readonly made: number;
}

/** What the pairs of a word make, of 16 symbols at most, and a vector behind. */
export const MADE_BYTES = 96;

/** Addresses are absolute. A text stands between 16 zero bytes and 48 zero bytes. */
export interface KernelExports {
  /** Slots of the ByteTable, their number minus 1, how many keys may be added, and what was: keys, bytes of keys. */
  readonly slots: WebAssembly.Global;
  readonly slotMask: WebAssembly.Global;
  readonly room: WebAssembly.Global;
  readonly added: WebAssembly.Global;
  readonly addedBytes: WebAssembly.Global;
  /** Where ids go next; where ids of pretokens of several tokens stand. */
  readonly ids: WebAssembly.Global;
  readonly pool: WebAssembly.Global;
  /** Ids in the pool. */
  readonly poolEnd: WebAssembly.Global;
  /** Slots of the PairTable, their number minus 1. */
  readonly pairs: WebAssembly.Global;
  readonly pairMask: WebAssembly.Global;
  /** Flag put on the first id of a syllable behind another, 0 for none; whether the last pretoken was a syllable. */
  readonly flag: WebAssembly.Global;
  readonly wasSyllable: WebAssembly.Global;
  /** Where the first character stands that NFC might change, or the first byte that is not UTF-8; `end` when none does. */
  stableUntil(start: number, end: number): number;
  /** Counts pretokens. `last`: 1 when the text ends at `end`, 0 when it goes on. @returns where it stopped. */
  count(start: number, end: number, last: number): number;
  /** Writes the ids of pretokens; merges new ones and adds them to the table. @returns where it stopped. */
  encode(start: number, end: number, last: number): number;
}

/** Kinds of bytes that a vector tells; those of letters are the highest. */
const KIND = { digit: 1, mark: 2, otherMark: 4, letter: 8 } as const;

/**
 * The kind of a byte, by two tables over its halves, which have one bit in common:
 *
 *   digit        3, 0…9                 letter    8   4, 6: 1…F        16   5, 7: 0…A
 *   mark         2, 1…F                          32   C: 3…A           64   E: 1          128   8…B: any (continuations)
 *   other mark   3, A…F                 all else  0
 */
const HIGH_HALF = [0, 0, 2, 5, 8, 16, 8, 16, 128, 128, 128, 128, 32, 0, 64, 0];
const LOW_HALF = Array.from({ length: 16 }, (_, low) => {
  const letters = 8 * Number(low >= 1) + 16 * Number(low <= 10) + 32 * Number(low >= 3 && low <= 10);
  return (
    128 + letters + 64 * Number(low === 1) + (low <= 9 ? KIND.digit : KIND.otherMark) + KIND.mark * Number(low >= 1)
  );
});

/**
 * Faults of a byte and the one before it, by tables over the halves of the one before and the high half of this one: a
 * fault stands when all three have its bit.
 *
 *   1    a lead without a continuation               8    before: D or F
 *   2    a continuation behind ASCII                 16   before: E but for E1, E2
 *   4    before: C0, C1, CC…CF                       128  two continuations: no fault when E1 or E2 stands before them
 */
const range16 = (value: (half: number) => number): number[] => Array.from({ length: 16 }, (_, half) => value(half));
const BEFORE_HIGH = range16((high) => (high < 8 ? 2 : high < 12 ? 128 : 1 + { 12: 4, 13: 8, 14: 16, 15: 8 }[high]!));
const BEFORE_LOW = range16((low) => {
  return 1 + 2 + 8 + 128 + 4 * Number(low < 2 || low > 11) + 16 * Number(low !== 1 && low !== 2);
});
const HERE_HIGH = range16((high) => 4 + 8 + 16 + (high >= 8 && high < 12 ? 2 + 128 : 1));

/** Vectors that the loops need. They stand in memory: the compiler would make constants anew at each use. */
const VECTORS: Readonly<Record<string, readonly number[]>> = {
  highHalf: HIGH_HALF,
  lowHalf: LOW_HALF,
  half: [15],
  n78: [0x80 - KIND.letter],
  one: [KIND.digit],
  zero: [0],
  space: [0x20],
  e1: [0xe1],
  b8: [0xb8],
  fc: [0xfc],
  c3: [0xc3],
  df: [0xdf],
  n97: [0x97],
  factors: [...new Uint8Array(Int32Array.from(HASH_FACTORS).buffer)],
};
const STABLE_VECTORS: Readonly<Record<string, readonly number[]>> = {
  before: BEFORE_HIGH,
  beforeLow: BEFORE_LOW,
  here: HERE_HIGH,
  half: [15],
  n60: [0x60],
  n80: [0x80],
  e1: [0xe1],
  b8: [0xb8],
  fc: [0xfc],
  e2: [0xe2],
  n81: [0x81],
};
const ALL_VECTORS = [...Object.entries(VECTORS), ...Object.entries(STABLE_VECTORS)];

/** What stands at `KernelLayout.vectors`. */
export const vectorBytes = (): Uint8Array =>
  Uint8Array.from(ALL_VECTORS.flatMap(([, bytes]) => Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length]!)));

const localsOf = (vectors: typeof VECTORS): string =>
  Object.keys(vectors)
    .map((name) => `(local $${name} v128)`)
    .join(' ');
const setAll = (vectors: typeof VECTORS): string =>
  Object.entries(vectors)
    .map(([name, bytes]) => {
      const index = ALL_VECTORS.findIndex((entry) => entry[0] === name && entry[1] === bytes);
      return `(local.set $${name} (v128.load offset=VECTORS (i32.const ${16 * index})))`;
    })
    .join('\n  ');
const get = (name: string): string => `(local.get $${name})`;
const shifted = (mask: string, by: number): string =>
  by === 0 ? get(mask) : `(i64.shl ${get(mask)} (i64.const ${by}))`;

/** Sets $letters, $digits, $spaces and $others, a bit for each of the 64 bytes at $at; what is in none of them is a mark. */
const CLASSIFY = `
    ${['letters', 'digits', 'spaces', 'others'].map((name) => `(local.set $${name} (i64.const 0))`).join(' ')}
    (local.set $from (i32.add (local.get $at) (i32.const 48)))
    (loop $vectors
      (local.set $v (v128.load (local.get $from)))
      (local.set $w (v128.load offset=1 (local.get $from)))
      (local.set $kinds (v128.andnot
        (v128.and
          (i8x16.swizzle ${get('highHalf')} (v128.and (i16x8.shr_u (local.get $v) (i32.const 4)) ${get('half')}))
          (i8x16.swizzle ${get('lowHalf')} (v128.and (local.get $v) ${get('half')})))
        ;; E1 without B8…BB, C3 97, C3 B7
        (v128.or
          (v128.andnot (i8x16.eq (local.get $v) ${get('e1')})
                       (i8x16.eq (v128.and (local.get $w) ${get('fc')}) ${get('b8')}))
          (v128.and (i8x16.eq (local.get $v) ${get('c3')})
                    (i8x16.eq (v128.and (local.get $w) ${get('df')}) ${get('n97')})))))
      ${[
        ['letters', `(i8x16.add_sat_u (local.get $kinds) ${get('n78')})`],
        ['digits', `(i8x16.eq (local.get $kinds) ${get('one')})`],
        ['spaces', `(i8x16.eq (local.get $v) ${get('space')})`],
        ['others', `(i8x16.eq (local.get $kinds) ${get('zero')})`],
      ]
        .map(
          ([name, vector]) =>
            `(local.set $${name} (i64.or (i64.shl (local.get $${name}) (i64.const 16)) (i64.extend_i32_u (i8x16.bitmask ${vector}))))`,
        )
        .join('\n      ')}
      (local.set $from (i32.sub (local.get $from) (i32.const 16)))
      (br_if $vectors (i32.ge_u (local.get $from) (local.get $at))))`;

/**
 * Sets $starts: the bytes behind $at where pretokens begin, up to the first that the tables must decide on (a space behind
 * a space is such).
 */
const STARTS = `
    (local.set $behindSpaces ${shifted('spaces', 1)})
    (local.set $others (i64.or
      (i64.and (local.get $others) (i64.xor (local.get $spaces) (i64.const -1)))
      (i64.and (local.get $spaces) (local.get $behindSpaces))))
    (local.set $marks (i64.xor (i64.const -1)
      (i64.or (i64.or (local.get $letters) (local.get $digits)) (i64.or (local.get $spaces) (local.get $others)))))
    (local.set $heads (i64.and (local.get $digits) (i64.xor ${shifted('digits', 1)} (i64.const -1))))
    (local.set $starts (i64.or
      (i64.and (local.get $letters) (i64.xor ${shifted('letters', 1)} (i64.const -1)))
      (i64.or (local.get $heads) (i64.and (local.get $marks) (i64.xor ${shifted('marks', 1)} (i64.const -1))))))
    (local.set $starts (i64.or (local.get $spaces)
      (i64.and (local.get $starts) (i64.xor (local.get $behindSpaces) (i64.const -1)))))
    ;; digits in groups
    (local.set $groups WHOLE_GROUP)
    (loop $more
      (local.set $heads (i64.and (i64.shl (local.get $heads) (i64.const DIGITS)) (local.get $groups)))
      (local.set $starts (i64.or (local.get $starts) (local.get $heads)))
      (br_if $more (i32.eqz (i64.eqz (local.get $heads)))))
    (local.set $starts (i64.and (i64.and (local.get $starts) (i64.const -2))
      (i64.sub (i64.and (local.get $others) (i64.sub (i64.const 0) (local.get $others))) (i64.const 1))))`;

/** The digits that have so many before them, less one. */
const wholeGroup = (digits: number): string =>
  Array.from({ length: digits }, (_, i) => shifted('digits', i)).reduce((a, b) => `(i64.and ${a} ${b})`);

/** What `scan` found, 32 bytes each: key, hash, length, kind, and where it begins. */
const FOUND_BYTES = 32;
const FOUND = { hash: 16, length: 20, kind: 24, start: 28 } as const;
/** So many at a time that they and their slots stay in the first cache; one block of text may add 64. */
const BATCH = 128;
export const BATCH_BYTES = (BATCH + 64) * FOUND_BYTES;

/**
 * Puts the pretoken from $at to $next into the batch: its bytes with zeros behind, what byte-table.ts makes a hash of, and
 * whether it is a syllable, as $kind says. Goes on behind it. Stops at a long one.
 */
const TAKE = `
  (local.set $length (i32.sub (local.get $next) (local.get $at)))
  (br_if $stop (i32.gt_u (local.get $length) (i32.const 16)))
  (local.set $v (v128.and (v128.load (local.get $at))
    (v128.load offset=MASK (i32.sub (i32.const 16) (local.get $length)))))
  (local.set $w (i32x4.mul (local.get $v) ${get('factors')}))
  (local.set $w (i32x4.add (local.get $w) (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $w) (local.get $w))))
  (local.set $hash (i32x4.extract_lane 0
    (i32x4.add (local.get $w) (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $w) (local.get $w)))))
  (local.set $hash (i32.mul (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15))) (i32.const ${HASH_MIX})))
  (local.set $hash (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16))))
  (v128.store (local.get $found) (local.get $v))
  (i32.store offset=${FOUND.hash} (local.get $found) (local.get $hash))
  (i32.store offset=${FOUND.length} (local.get $found) (local.get $length))
  (i32.store offset=${FOUND.kind} (local.get $found) (local.get $kind))
  (i32.store offset=${FOUND.start} (local.get $found) (local.get $at))
  (local.set $found (i32.add (local.get $found) (i32.const ${FOUND_BYTES})))
  (local.set $at (local.get $next))`;

const SLOT_OF_HASH = `(i32.add (global.get $slots) (i32.shl (i32.and (local.get $hash) (global.get $slotMask)) (i32.const 5)))`;

/**
 * For the pretoken that $found is at: leaves $slot at the slot of its key, or at the empty one where it would be, and $held
 * its length. Most keys stand where they are looked for first.
 */
const PROBE = `
    (local.set $v (v128.load (local.get $found)))
    (local.set $hash (i32.load offset=${FOUND.hash} (local.get $found)))
    (local.set $length (i32.load offset=${FOUND.length} (local.get $found)))
    (local.set $slot ${SLOT_OF_HASH})
    (local.set $held (i32.load offset=8 (local.get $slot)))
    (block $known (loop $probe
      (br_if $known (i32.and (i32.eq (local.get $held) (local.get $length))
                             (i32.eqz (v128.any_true (v128.xor (local.get $v) (v128.load offset=16 (local.get $slot)))))))
      (br_if $known (i32.eqz (local.get $held)))
      (local.set $hash (i32.add (local.get $hash) (i32.const 1)))
      (local.set $slot ${SLOT_OF_HASH})
      (local.set $held (i32.load offset=8 (local.get $slot)))
      (br $probe)))`;

/** Adds the key to the slot; stops at it when there is no room. */
const ADD_KEY = `
    (if (i32.ge_u (global.get $added) (global.get $room)) (then
      (local.set $at (i32.load offset=${FOUND.start} (local.get $found)))
      (br $stop)))
    (i32.store offset=8 (local.get $slot) (local.get $length))
    (v128.store offset=16 (local.get $slot) (local.get $v))
    (global.set $added (i32.add (global.get $added) (i32.const 1)))
    (global.set $addedBytes (i32.add (global.get $addedBytes) (local.get $length)))`;

const PROBE_LOCALS =
  '(local $found i32) (local $hash i32) (local $length i32) (local $slot i32) (local $held i32) (local $v v128)';

/** Runs `body` for each pretoken up to $end, or until it leaves $stop with $at set. */
const forEachFound = (body: string): string => `
  (block $stop (loop $batches
    (local.set $at (call $scan (local.get $at) (local.get $end) (local.get $last)))
    (local.set $found (i32.const FOUND))
    (br_if $stop (i32.eq (local.get $found) (global.get $foundEnd)))
    (loop $words ${body}
      (local.set $found (i32.add (local.get $found) (i32.const ${FOUND_BYTES})))
      (br_if $words (i32.lt_u (local.get $found) (global.get $foundEnd))))
    (br $batches)))`;

const SCAN_LOCALS = `(local $from i32) (local $next i32) (local $kind i32) (local $length i32) (local $hash i32)
  (local $found i32) (local $touched i32) (local $slots i32) (local $slotMask i32) (local $v v128) (local $w v128) (local $kinds v128)
  ${['letters', 'digits', 'spaces', 'others', 'marks', 'behindSpaces', 'heads', 'groups', 'starts']
    .map((name) => `(local $${name} i64)`)
    .join(' ')}
  ${localsOf(VECTORS)}`;

const SOURCE = `(module
(import "env" "memory" (memory 1))
${[
  'slots',
  'slotMask',
  'room',
  'added',
  'addedBytes',
  'ids',
  'pool',
  'poolEnd',
  'pairs',
  'pairMask',
  'flag',
  'wasSyllable',
  'foundEnd',
  'touched',
]
  .map((name) => `(global $${name} (export "${name}") (mut i32) (i32.const 0))`)
  .join('\n')}

;; Class of the character at $at.
(func $class (param $at i32) (result i32) (local $lead i32) (local $prefix i32)
  (local.set $lead (i32.load8_u (local.get $at)))
  (if (i32.lt_u (local.get $lead) (i32.const 0x80)) (then (return (i32.load8_u offset=ASCII (local.get $lead)))))
  (local.set $prefix (i32.and (local.get $lead) (i32.const 31)))
  (if (i32.ge_u (local.get $lead) (i32.const 0xe0)) (then
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $prefix (i32.or (i32.shl (i32.and (local.get $lead) (i32.const 15)) (i32.const 6))
                               (i32.and (i32.load8_u (local.get $at)) (i32.const 63))))
    (if (i32.ge_u (local.get $lead) (i32.const 0xf0)) (then
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $prefix (i32.and (i32.const 0x7fff)
        (i32.or (i32.shl (local.get $prefix) (i32.const 6)) (i32.and (i32.load8_u (local.get $at)) (i32.const 63)))))))))
  (return (i32.and (i32.const ${CLASS_MASK}) (i32.load8_u offset=FACTS (i32.or
    (i32.shl (i32.load16_u offset=BLOCKS (i32.shl (local.get $prefix) (i32.const 1))) (i32.const 6))
    (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 63)))))))

;; Behind the character at $at.
(func $behind (param $at i32) (result i32) (local $lead i32)
  (local.set $lead (i32.load8_u (local.get $at)))
  (return (i32.add (i32.add (local.get $at) (i32.const 1)) (i32.add (i32.ge_u (local.get $lead) (i32.const 0xc0))
    (i32.add (i32.ge_u (local.get $lead) (i32.const 0xe0)) (i32.ge_u (local.get $lead) (i32.const 0xf0)))))))

;; Behind a space at $at, if there is one.
(func $behindSpace (param $at i32) (result i32)
  (return (i32.add (local.get $at) (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20)))))

;; Behind a run of letters and marks.
(func $letters (param $at i32) (result i32) (local $state i32)
  (local.set $at (i32.sub (local.get $at) (i32.const 1)))
  (loop $run
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $state (i32.load16_u offset=LETTERS
      (i32.add (i32.shl (local.get $state) (i32.const 9)) (i32.shl (i32.load8_u (local.get $at)) (i32.const 1)))))
    (br_if $run (i32.ne (local.get $state) (i32.const LETTERS_STOP))))
  (block $head (loop $back
    (br_if $head (i32.ne (i32.and (i32.load8_u (local.get $at)) (i32.const 0xc0)) (i32.const 0x80)))
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br $back)))
  (return (local.get $at)))

(func $skipRun (param $at i32) (param $end i32) (param $kind i32) (result i32)
  (block $stop (loop $run
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    (br_if $stop (i32.ne (call $class (local.get $at)) (local.get $kind)))
    (local.set $at (call $behind (local.get $at)))
    (br $run)))
  (return (local.get $at)))

(func $skipSpace (param $start i32) (param $end i32) (result i32)
  (local $at i32) (local $before i32) (local $kind i32) (local $afterNewline i32)
  (local.set $at (local.get $start))
  (local.set $before (local.get $start))
  (block $stop (loop $run
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    (local.set $kind (call $class (local.get $at)))
    (br_if $stop (i32.lt_u (local.get $kind) (i32.const ${NEWLINE})))
    (local.set $before (local.get $at))
    (local.set $at (call $behind (local.get $at)))
    (if (i32.eq (local.get $kind) (i32.const ${NEWLINE})) (then (local.set $afterNewline (local.get $at))))
    (br $run)))
  (if (local.get $afterNewline) (then (return (local.get $afterNewline))))
  (if (i32.or (i32.eq (local.get $at) (local.get $end)) (i32.eq (local.get $before) (local.get $start)))
    (then (return (local.get $at))))
  (return (local.get $before)))

;; What does not begin with letters.
(func $nextByClass (param $start i32) (param $end i32) (result i32)
  (local $at i32) (local $kind i32) (local $following i32) (local $digits i32)
  (local.set $at (local.get $start))
  (local.set $kind (call $class (local.get $at)))
  (if (i32.and (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20))
               (i32.lt_u (i32.add (local.get $at) (i32.const 1)) (local.get $end))) (then
    (local.set $following (call $class (i32.add (local.get $at) (i32.const 1))))
    (if (i32.or (i32.eq (local.get $following) (i32.const ${NUMBER})) (i32.eq (local.get $following) (i32.const ${OTHER})))
      (then
        (local.set $kind (local.get $following))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))))))
  (if (i32.eq (local.get $kind) (i32.const ${OTHER})) (then (return
    (call $skipRun (call $skipRun (local.get $at) (local.get $end) (i32.const ${OTHER}))
                   (local.get $end) (i32.const ${NEWLINE})))))
  (if (i32.ne (local.get $kind) (i32.const ${NUMBER})) (then (return (call $skipSpace (local.get $start) (local.get $end)))))
  (block $stop (loop $run
    (br_if $stop (i32.eq (local.get $digits) (i32.const DIGITS)))
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    (br_if $stop (i32.ne (call $class (local.get $at)) (i32.const ${NUMBER})))
    (local.set $at (call $behind (local.get $at)))
    (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
    (br $run)))
  (return (local.get $at)))

;; Finds pretokens until the batch is full, and reads a byte of the slot of each: the processor fetches many at a time.
;; Stops at $end, before a pretoken that may go on behind it, and before a long one.
(func $scan (param $at i32) (param $end i32) (param $last i32) (result i32) ${SCAN_LOCALS}
  ${setAll(VECTORS)}
  (local.set $found (i32.const FOUND))
  (block $stop (loop $blocks
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    ${CLASSIFY}
    ${STARTS}
    (local.set $from (local.get $at))
    (block $taken (loop $words
      (br_if $taken (i64.eqz (local.get $starts)))
      (local.set $next (i32.wrap_i64 (i64.ctz (local.get $starts))))
      (local.set $kind (i32.and (i32.const 1)
        (i32.wrap_i64 (i64.shr_u (local.get $letters) (i64.extend_i32_u (i32.sub (local.get $next) (i32.const 1)))))))
      (local.set $next (i32.add (local.get $from) (local.get $next)))
      (local.set $starts (i64.and (local.get $starts) (i64.sub (local.get $starts) (i64.const 1))))
      ${TAKE}
      (br $words)))
    (if (i32.or (i32.eqz (i64.eqz (local.get $others))) (i32.eq (local.get $at) (local.get $from))) (then
      (local.set $from (call $behindSpace (local.get $at)))
      (local.set $next (call $letters (local.get $from)))
      (local.set $kind (i32.ne (local.get $next) (local.get $from)))
      (if (i32.eqz (local.get $kind)) (then (local.set $next (call $nextByClass (local.get $at) (local.get $end)))))
      (br_if $stop (i32.and (i32.eq (local.get $next) (local.get $end)) (i32.eqz (local.get $last))))
      ${TAKE}))
    (br_if $blocks (i32.lt_u (local.get $found) (i32.const FOUND_END)))))
  (global.set $foundEnd (local.get $found))
  (local.set $from (i32.const FOUND))
  (local.set $slots (global.get $slots))
  (local.set $slotMask (i32.shl (global.get $slotMask) (i32.const 5)))
  (loop $touch ;; four at a time: what stands behind the last is of no harm
    ${[0, 1, 2, 3]
      .map(
        (i) => `(local.set $touched (i32.or (local.get $touched) (i32.load (i32.add (local.get $slots)
      (i32.and (local.get $slotMask) (i32.shl (i32.load offset=${FOUND.hash + i * FOUND_BYTES} (local.get $from)) (i32.const 5)))))))`,
      )
      .join('\n    ')}
    (local.set $from (i32.add (local.get $from) (i32.const ${4 * FOUND_BYTES})))
    (br_if $touch (i32.lt_u (local.get $from) (local.get $found))))
  (global.set $touched (local.get $touched)) ;; or the compiler would leave the loop out
  (return (local.get $at)))

(func $count (export "count") (param $at i32) (param $end i32) (param $last i32) (result i32) ${PROBE_LOCALS}
  ${forEachFound(`${PROBE}
    (if (i32.eqz (local.get $held)) (then ${ADD_KEY}))
    (f64.store (local.get $slot) (f64.add (f64.load (local.get $slot)) (f64.const 1)))`)}
  (return (local.get $at)))

;; The id that a pair makes; -1, which is the highest, for none. As pair-table.ts looks it up.
(func $pair (param $left i32) (param $right i32) (result i32) (local $at i32) (local $hash i32)
  (local.set $hash (i32.xor (i32.mul (local.get $left) (i32.const ${PAIR_FACTORS[0]}))
                            (i32.mul (i32.add (local.get $right) (i32.const 1)) (i32.const ${PAIR_FACTORS[1]}))))
  (local.set $hash (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15))))
  (loop $probe
    (local.set $at (i32.add (global.get $pairs) (i32.shl (i32.and (local.get $hash) (global.get $pairMask)) (i32.const 4))))
    (if (i32.and (i32.eq (i32.load (local.get $at)) (local.get $left))
                 (i32.eq (i32.load offset=4 (local.get $at)) (local.get $right)))
      (then (return (i32.load offset=8 (local.get $at)))))
    (local.set $hash (i32.add (local.get $hash) (i32.const 1)))
    (br_if $probe (i32.ne (i32.load (local.get $at)) (i32.const -1))))
  (return (i32.const -1)))

;; BPE of the $count bytes at $text, at most 16: merge-word.ts has the same loops. Ids go to $ids; returns their number.
(func $merge (param $text i32) (param $count i32) (param $ids i32) (result i32)
  (local $i i32) (local $at i32) (local $made i32) (local $lowest i32) (local $isLower i32)
  (loop $bytes
    (i32.store (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))
      (i32.load8_u offset=ID_OF_BYTE (i32.load8_u (i32.add (local.get $text) (local.get $i)))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $bytes (i32.lt_u (local.get $i) (local.get $count))))
  (local.set $i (i32.const 0))
  (block $laid (loop $pairs
    (local.set $at (i32.shl (local.get $i) (i32.const 2)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $laid (i32.ge_u (local.get $i) (local.get $count)))
    (i32.store offset=MADE (local.get $at) (call $pair
      (i32.load (i32.add (local.get $ids) (local.get $at))) (i32.load offset=4 (i32.add (local.get $ids) (local.get $at)))))
    (br $pairs)))
  (loop $merges
    (local.set $lowest (i32.const -1))
    (local.set $i (i32.const 0))
    (block $seen (loop $pairs
      (br_if $seen (i32.ge_u (i32.add (local.get $i) (i32.const 1)) (local.get $count)))
      (local.set $made (i32.load offset=MADE (i32.shl (local.get $i) (i32.const 2))))
      (local.set $isLower (i32.lt_u (local.get $made) (local.get $lowest)))
      (local.set $lowest (select (local.get $made) (local.get $lowest) (local.get $isLower)))
      (local.set $at (select (local.get $i) (local.get $at) (local.get $isLower)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $pairs)))
    (if (i32.eq (local.get $lowest) (i32.const -1)) (then (return (local.get $count))))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (local.set $i (local.get $at))
    (block $closed (loop $gap ;; four at a time; what stands behind the last is of no use
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (local.set $made (i32.shl (i32.sub (local.get $i) (i32.const 3)) (i32.const 2)))
      (v128.store offset=MADE (local.get $made) (v128.load offset=MADE_NEXT (local.get $made)))
      (local.set $made (i32.add (local.get $ids) (local.get $made)))
      (v128.store (local.get $made) (v128.load offset=4 (local.get $made)))
      (br_if $gap (i32.lt_u (local.get $i) (local.get $count)))))
    (local.set $made (i32.add (local.get $ids) (i32.shl (local.get $at) (i32.const 2))))
    (i32.store (local.get $made) (local.get $lowest))
    (if (local.get $at) (then
      (i32.store offset=MADE (i32.shl (i32.sub (local.get $at) (i32.const 1)) (i32.const 2))
        (call $pair (i32.load (i32.sub (local.get $made) (i32.const 4))) (local.get $lowest)))))
    (if (i32.lt_u (i32.add (local.get $at) (i32.const 1)) (local.get $count)) (then
      (i32.store offset=MADE (i32.shl (local.get $at) (i32.const 2))
        (call $pair (local.get $lowest) (i32.load offset=4 (local.get $made))))))
    (br $merges))
  (return (i32.const 0)))

;; A slot holds the first two tokens, or where more of them stand in the pool; and the number of tokens.
(func $encode (export "encode") (param $at i32) (param $end i32) (param $last i32) (result i32) ${PROBE_LOCALS}
  (local $tokens i32) (local $value i32) (local $out i32) (local $was i32) (local $mark i32) (local $outEnd i32) (local $kind i32)
  (local.set $out (global.get $ids))
  (local.set $was (global.get $wasSyllable))
  ${forEachFound(`${PROBE}
    (if (i32.eqz (local.get $held)) (then ${ADD_KEY}
      (local.set $value (i32.add (global.get $pool) (i32.shl (global.get $poolEnd) (i32.const 2))))
      (local.set $tokens (call $merge (i32.load offset=${FOUND.start} (local.get $found)) (local.get $length) (local.get $value)))
      (i32.store offset=12 (local.get $slot) (local.get $tokens))
      (if (i32.le_u (local.get $tokens) (i32.const 2))
        (then (i64.store (local.get $slot) (i64.load (local.get $value))))
        (else
          (i32.store (local.get $slot) (global.get $poolEnd))
          (global.set $poolEnd (i32.add (global.get $poolEnd) (local.get $tokens)))))))
    (local.set $kind (i32.load offset=${FOUND.kind} (local.get $found)))
    (local.set $mark (i32.mul (global.get $flag) (i32.and (local.get $was) (local.get $kind))))
    (local.set $was (local.get $kind))
    (local.set $tokens (i32.load offset=12 (local.get $slot)))
    (if (i32.le_u (local.get $tokens) (i32.const 2))
      (then
        (i32.store (local.get $out) (i32.or (i32.load (local.get $slot)) (local.get $mark)))
        (i32.store offset=4 (local.get $out) (i32.load offset=4 (local.get $slot)))
        (local.set $out (i32.add (local.get $out) (i32.shl (local.get $tokens) (i32.const 2)))))
      (else
        (local.set $value (i32.add (global.get $pool) (i32.shl (i32.load (local.get $slot)) (i32.const 2))))
        (local.set $outEnd (i32.add (local.get $out) (i32.shl (local.get $tokens) (i32.const 2))))
        (loop $copy
          (i32.store (local.get $out) (i32.or (i32.load (local.get $value)) (local.get $mark)))
          (local.set $mark (i32.const 0))
          (local.set $value (i32.add (local.get $value) (i32.const 4)))
          (local.set $out (i32.add (local.get $out) (i32.const 4)))
          (br_if $copy (i32.lt_u (local.get $out) (local.get $outEnd))))))`)}
  (global.set $ids (local.get $out))
  (global.set $wasSyllable (local.get $was))
  (return (local.get $at)))

;; Vectors as long as they hold ASCII, C2…CB, E1 B8…BB and E2 80 82…BF alone; else the automaton for some characters.
(func $stableUntil (export "stableUntil") (param $start i32) (param $end i32) (result i32)
  (local $at i32) (local $head i32) (local $state i32) (local $until i32)
  (local $v v128) (local $p v128) (local $q v128) ${localsOf(STABLE_VECTORS)}
  ${setAll(STABLE_VECTORS)}
  (local.set $at (local.get $start))
  (block $done (loop $blocks
    (br_if $done (i32.gt_u (local.get $at) (local.get $end)))
    (local.set $v (v128.load (local.get $at)))
    (local.set $p (v128.load (i32.sub (local.get $at) (i32.const 1))))
    (local.set $q (v128.load (i32.sub (local.get $at) (i32.const 2))))
    (if (v128.any_true (v128.or
          (v128.or
            (v128.xor
              (v128.and (i8x16.sub_sat_u (local.get $q) ${get('n60')}) ${get('n80')})
              (v128.and (i8x16.swizzle ${get('here')} (v128.and (i16x8.shr_u (local.get $v) (i32.const 4)) ${get('half')}))
                (v128.and
                  (i8x16.swizzle ${get('before')} (v128.and (i16x8.shr_u (local.get $p) (i32.const 4)) ${get('half')}))
                  (i8x16.swizzle ${get('beforeLow')} (v128.and (local.get $p) ${get('half')})))))
            ;; E1 without B8…BB
            (v128.and (i8x16.eq (local.get $p) ${get('e1')}) (v128.and (v128.xor (local.get $v) ${get('b8')}) ${get('fc')})))
          ;; E2 without 80; E2 80 with 80 or 81
          (v128.or
            (v128.and (i8x16.eq (local.get $p) ${get('e2')}) (v128.xor (local.get $v) ${get('n80')}))
            (v128.and (i8x16.eq (local.get $q) ${get('e2')}) (i8x16.le_u (local.get $v) ${get('n81')})))))
      (then
        ;; from the head of a character at least three bytes back, which may be the one that is wrong
        (local.set $at (i32.sub (local.get $at) (i32.const 3)))
        (if (i32.lt_u (local.get $at) (local.get $start)) (then (local.set $at (local.get $start))))
        (block $found (loop $back
          (br_if $found (i32.ne (i32.and (i32.load8_u (local.get $at)) (i32.const 0xc0)) (i32.const 0x80)))
          (br_if $found (i32.eq (local.get $at) (local.get $start)))
          (local.set $at (i32.sub (local.get $at) (i32.const 1)))
          (br $back)))
        (local.set $head (local.get $at))
        (local.set $until (i32.add (local.get $at) (i32.const 24)))
        (block $onward (loop $characters
          (br_if $onward (i32.and (i32.eq (local.get $head) (local.get $at)) (i32.or
            (i32.ge_u (local.get $at) (local.get $until)) (i32.ge_u (local.get $at) (local.get $end)))))
          (local.set $state (i32.load16_u offset=STABLE
            (i32.add (i32.shl (local.get $state) (i32.const 9)) (i32.shl (i32.load8_u (local.get $at)) (i32.const 1)))))
          (if (i32.eq (local.get $state) (i32.const STABLE_STOP)) (then (return (local.get $head))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (if (i32.eqz (local.get $state)) (then (local.set $head (local.get $at))))
          (br $characters)))
        (br $blocks)))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br $blocks)))
  (return (local.get $end)))
)`;

/** WebAssembly text of the kernel for a layout. */
export function kernelSource(layout: KernelLayout, digits: number): string {
  const values: Readonly<Record<string, number>> = {
    ASCII: layout.ascii,
    MASK: layout.mask,
    BLOCKS: layout.blocks,
    FACTS: layout.facts,
    LETTERS: layout.letters,
    LETTERS_STOP: layout.lettersStop,
    STABLE: layout.stable,
    STABLE_STOP: layout.stableStop,
    DIGITS: digits,
    ID_OF_BYTE: layout.idOfByte,
    VECTORS: layout.vectors,
    FOUND: layout.found,
    FOUND_END: layout.found + BATCH * FOUND_BYTES,
    MADE: layout.made,
    MADE_NEXT: layout.made + 4,
  };
  return SOURCE.replace('WHOLE_GROUP', wholeGroup(digits)).replace(/\b[A-Z_]{4,}\b/g, (name) =>
    name in values ? String(values[name]) : name,
  );
}
