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
}

/** A power of two: 128 kB. */
export const NEAR_SLOTS = 1 << 12;

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
  /** NEAR_SLOTS slots: copies of those that were looked up last. */
  readonly near: WebAssembly.Global;
  /** Flag put on the first id of a syllable behind another, 0 for none; whether the last pretoken was a syllable. */
  readonly flag: WebAssembly.Global;
  readonly wasSyllable: WebAssembly.Global;
  /** 1 when all of the text is UTF-8 that NFC leaves alone. */
  isStable(start: number, end: number): number;
  /** Counts pretokens. `last`: 1 when the text ends at `end`, 0 when it goes on. @returns where it stopped. */
  count(start: number, end: number, last: number): number;
  /** Writes the ids of pretokens that the table holds. @returns where it stopped. */
  encode(start: number, end: number, last: number): number;
}

const splat = (byte: number): string => `(i8x16.splat (i32.const ${byte}))`;
/** Bytes from `low` on, `count` of them. */
const within = (vector: string, low: number, count: number): string =>
  `(i8x16.le_u (i8x16.sub ${vector} ${splat(low)}) ${splat(count - 1)})`;
const is = (vector: string, byte: number): string => `(i8x16.eq ${vector} ${splat(byte)})`;

/**
 * Which bytes stop a run of letters, by two tables over their halves: a byte stops when both have a bit in common.
 *
 *   bit 1    high half C: low half 0…2 and B…F      bit 8    high half 4, 6: low half 0
 *   bit 2    high half D, F: any                    bit 16   high half 5, 7: low half B…F
 *   bit 4    high half E: all but 1                 bit 32   high half 0…3: any        (8…B: continuations, none)
 */
const HIGH_HALF = [32, 32, 32, 32, 8, 16, 8, 16, 0, 0, 0, 0, 1, 2, 4, 2];
const LOW_HALF = Array.from({ length: 16 }, (_, low) => {
  const [isC, isE, is46, is57] = [low <= 2 || low >= 11, low !== 1, low === 0, low >= 11];
  return 2 + 32 + Number(isC) + 4 * Number(isE) + 8 * Number(is46) + 16 * Number(is57);
});
const bytes = (values: readonly number[]): string => `(v128.const i8x16 ${values.join(' ')})`;

/** Vectors that the loops over words need, in locals: set once. */
const CONSTANTS: Readonly<Record<string, string>> = {
  highHalf: bytes(HIGH_HALF),
  lowHalf: bytes(LOW_HALF),
  half: splat(15),
  zero: splat(0),
  e1: splat(0xe1),
  b8: splat(0xb8),
  three: splat(3),
  c3: splat(0xc3),
  df: splat(0xdf),
  n97: splat(0x97),
  factors: `(v128.const i32x4 ${HASH_FACTORS.join(' ')})`,
};
const get = (name: string): string => `(local.get $${name})`;
const PREPARE = Object.entries(CONSTANTS)
  .map(([name, value]) => `(local.set $${name} ${value})`)
  .join('\n  ');

/** Sets $next to the end of the pretoken at $at, and $syllable. */
const NEXT = `
  (local.set $first (i32.add (local.get $at) (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20))))
  (local.set $v (v128.load (local.get $first)))
  (local.set $w (v128.load offset=1 (local.get $first)))
  (local.set $run (i32.ctz (i32.or (i32.const 0x10000) (i8x16.bitmask (i8x16.ne ${get('zero')} (v128.and
    (i8x16.swizzle ${get('highHalf')} (v128.and (i16x8.shr_u (local.get $v) (i32.const 4)) ${get('half')}))
    (i8x16.swizzle ${get('lowHalf')} (v128.and (local.get $v) ${get('half')}))))))))
  (local.set $next (i32.add (local.get $first) (local.get $run)))
  ;; the tables decide when the run is longer than the vector, ends with other than ASCII, or holds E1 without B8…BB,
  ;; C3 97 or C3 B7
  (if (i32.or
        (i32.or (i32.shr_u (local.get $run) (i32.const 4)) (i32.shr_u (i32.load8_u (local.get $next)) (i32.const 7)))
        (i32.and
          (i32.sub (i32.shl (i32.const 1) (local.get $run)) (i32.const 1))
          (i8x16.bitmask (v128.or
            (v128.andnot (i8x16.eq (local.get $v) ${get('e1')})
                         (i8x16.le_u (i8x16.sub (local.get $w) ${get('b8')}) ${get('three')}))
            (v128.and (i8x16.eq (local.get $v) ${get('c3')})
                      (i8x16.eq (v128.and (local.get $w) ${get('df')}) ${get('n97')}))))))
    (then (local.set $next (call $letters (local.get $first)))))
  (local.set $syllable (i32.ne (local.get $next) (local.get $first)))
  (if (i32.eqz (local.get $syllable)) (then
    (local.set $next (call $nextByClass (local.get $at) (local.get $end)))))`;

/** Sets $v to the key at [$at, $next) with zeros behind it, and $hash to what byte-table.ts makes of it. */
const KEY = `
  (local.set $length (i32.sub (local.get $next) (local.get $at)))
  (br_if $stop (i32.gt_u (local.get $length) (i32.const 16)))
  (local.set $v (v128.and (v128.load (local.get $at))
    (v128.load offset=MASK (i32.sub (i32.const 16) (local.get $length)))))
  (local.set $w (i32x4.mul (local.get $v) ${get('factors')}))
  (local.set $w (i32x4.add (local.get $w) (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $w) (local.get $w))))
  (local.set $hash (i32x4.extract_lane 0
    (i32x4.add (local.get $w) (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $w) (local.get $w)))))
  (local.set $hash (i32.mul (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15))) (i32.const ${HASH_MIX})))
  (local.set $hash (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16))))`;

/** Whether the slot that $slot is at holds the key. */
const HOLDS_KEY = `(i32.and (i32.eq (i32.load offset=8 (local.get $slot)) (local.get $length))
      (i32.eqz (v128.any_true (v128.xor (local.get $v) (v128.load offset=16 (local.get $slot))))))`;

/** Leaves $slot at the slot of the key, or at the empty one where it would be; $found is its length. */
const PROBE = `
  (block $known (loop $probe
    (local.set $slot (i32.add (global.get $slots)
      (i32.shl (i32.and (local.get $hash) (global.get $slotMask)) (i32.const 5))))
    (local.set $found (i32.load offset=8 (local.get $slot)))
    (br_if $known (i32.eqz (local.get $found)))
    (br_if $known ${HOLDS_KEY})
    (local.set $hash (i32.add (local.get $hash) (i32.const 1)))
    (br $probe)))`;

const LOCALS = `(local $first i32) (local $next i32) (local $run i32) (local $syllable i32)
  (local $length i32) (local $hash i32) (local $slot i32) (local $found i32) (local $v v128) (local $w v128)
  ${Object.keys(CONSTANTS)
    .map((name) => `(local $${name} v128)`)
    .join(' ')}`;

/** Stops at $end, or before a pretoken that may go on behind it. */
const AT_END = '(br_if $stop (i32.ge_u (local.get $at) (local.get $end)))';
const MAY_GO_ON = '(br_if $stop (i32.and (i32.eq (local.get $next) (local.get $end)) (i32.eqz (local.get $last))))';

const SOURCE = `(module
(import "env" "memory" (memory 1))
${['slots', 'slotMask', 'room', 'added', 'addedBytes', 'ids', 'pool', 'near', 'flag', 'wasSyllable']
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

(func $count (export "count") (param $at i32) (param $end i32) (param $last i32) (result i32) ${LOCALS}
  ${PREPARE}
  (block $stop (loop $words
    ${AT_END}
    ${NEXT}
    ${MAY_GO_ON}
    ${KEY}
    ${PROBE}
    (if (local.get $found)
      (then (f64.store (local.get $slot) (f64.add (f64.load (local.get $slot)) (f64.const 1))))
      (else
        (br_if $stop (i32.ge_u (global.get $added) (global.get $room)))
        (f64.store (local.get $slot) (f64.const 1))
        (i32.store offset=8 (local.get $slot) (local.get $length))
        (v128.store offset=16 (local.get $slot) (local.get $v))
        (global.set $added (i32.add (global.get $added) (i32.const 1)))
        (global.set $addedBytes (i32.add (global.get $addedBytes) (local.get $length)))))
    (local.set $at (local.get $next))
    (br $words)))
  (return (local.get $at)))

;; A slot's value: the number of tokens, and the only one, or where they stand in the pool. What was met last is looked
;; up in the near slots, one for each hash: few enough to stay in the first caches.
(func $encode (export "encode") (param $at i32) (param $end i32) (param $last i32) (result i32) ${LOCALS}
  (local $tokens i32) (local $value i32) (local $out i32) (local $was i32) (local $mark i32)
  ${PREPARE}
  (local.set $out (global.get $ids))
  (local.set $was (global.get $wasSyllable))
  (block $stop (loop $words
    ${AT_END}
    ${NEXT}
    ${MAY_GO_ON}
    ${KEY}
    (local.set $slot (i32.add (global.get $near) (i32.shl (i32.and (local.get $hash) (i32.const ${NEAR_SLOTS - 1})) (i32.const 5))))
    (if (i32.eqz ${HOLDS_KEY}) (then
      (local.set $first (local.get $slot))
      ${PROBE}
      (br_if $stop (i32.eqz (local.get $found)))
      (v128.store (local.get $first) (v128.load (local.get $slot)))
      (v128.store offset=16 (local.get $first) (local.get $v))))
    (local.set $mark (i32.mul (global.get $flag) (i32.and (local.get $was) (local.get $syllable))))
    (local.set $was (local.get $syllable))
    (local.set $at (local.get $next))
    (local.set $tokens (i32.load (local.get $slot)))
    (local.set $value (i32.load offset=4 (local.get $slot)))
    (if (i32.eq (local.get $tokens) (i32.const 1)) (then
      (i32.store (local.get $out) (i32.or (local.get $value) (local.get $mark)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br $words)))
    (local.set $value (i32.add (global.get $pool) (i32.shl (local.get $value) (i32.const 2))))
    (local.set $first (i32.add (local.get $out) (i32.shl (local.get $tokens) (i32.const 2))))
    (loop $copy
      (i32.store (local.get $out) (i32.or (i32.load (local.get $value)) (local.get $mark)))
      (local.set $mark (i32.const 0))
      (local.set $value (i32.add (local.get $value) (i32.const 4)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $copy (i32.lt_u (local.get $out) (local.get $first))))
    (br $words)))
  (global.set $ids (local.get $out))
  (global.set $wasSyllable (local.get $was))
  (return (local.get $at)))

;; Vectors as long as they hold ASCII, C2…CB, E1 B8…BB and E2 80 82…BF alone; else the automaton for some characters.
(func $isStable (export "isStable") (param $at i32) (param $end i32) (result i32)
  (local $v v128) (local $p v128) (local $q v128) (local $three v128) (local $state i32) (local $until i32)
  (block $done (loop $blocks
    (br_if $done (i32.gt_u (local.get $at) (local.get $end)))
    (local.set $v (v128.load (local.get $at)))
    (local.set $p (v128.load (i32.sub (local.get $at) (i32.const 1))))
    (if (i8x16.bitmask (v128.or (local.get $v) (local.get $p))) (then
      (local.set $q (v128.load (i32.sub (local.get $at) (i32.const 2))))
      (local.set $three (v128.or ${is('(local.get $q)', 0xe1)} ${is('(local.get $q)', 0xe2)}))
      (if (v128.any_true (v128.or (v128.or
            ;; continuation bytes stand where they must, and nowhere else
            (v128.xor ${within('(local.get $v)', 0x80, 0x40)}
              (v128.or (v128.or (local.get $three) ${within('(local.get $p)', 0xc2, 10)})
                       (v128.or ${is('(local.get $p)', 0xe1)} ${is('(local.get $p)', 0xe2)})))
            ;; other lead bytes
            (v128.andnot ${within('(local.get $v)', 0xc0, 0x40)}
              (v128.or ${within('(local.get $v)', 0xc2, 10)}
                       (v128.or ${is('(local.get $v)', 0xe1)} ${is('(local.get $v)', 0xe2)}))))
            ;; E1 without B8…BB, E2 without 80, E2 80 with 80 or 81
            (v128.or (v128.andnot ${is('(local.get $p)', 0xe1)} ${within('(local.get $v)', 0xb8, 4)})
              (v128.or (v128.andnot ${is('(local.get $p)', 0xe2)} ${is('(local.get $v)', 0x80)})
                       (v128.and ${is('(local.get $q)', 0xe2)} ${within('(local.get $v)', 0x80, 2)})))))
        (then
          (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 0)))) ;; the last character is cut
          ;; from the head of a character at least three bytes back, which may be the one that is wrong
          (local.set $at (i32.sub (local.get $at) (i32.const 3)))
          (block $head (loop $back
            (br_if $head (i32.ne (i32.and (i32.load8_u (local.get $at)) (i32.const 0xc0)) (i32.const 0x80)))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (br $back)))
          (local.set $state (i32.const 0))
          (local.set $until (i32.add (local.get $at) (i32.const 24)))
          (block $onward (loop $characters
            (br_if $onward (i32.and (i32.eqz (local.get $state)) (i32.or
              (i32.ge_u (local.get $at) (local.get $until)) (i32.ge_u (local.get $at) (local.get $end)))))
            (local.set $state (i32.load16_u offset=STABLE
              (i32.add (i32.shl (local.get $state) (i32.const 9)) (i32.shl (i32.load8_u (local.get $at)) (i32.const 1)))))
            (if (i32.eq (local.get $state) (i32.const STABLE_STOP)) (then (return (i32.const 0))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $characters)))
          (br $blocks)))))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br $blocks)))
  (return (i32.const 1)))
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
  };
  return SOURCE.replace(/\b[A-Z_]{4,}\b/g, (name) => (name in values ? String(values[name]) : name));
}
