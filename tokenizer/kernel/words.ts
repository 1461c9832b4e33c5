/** What becomes of pretokens in WebAssembly: counted (tally.ts), or encoded, new ones by BPE (merge-word.ts). */

import { ID_BITS, PAIR_FACTORS } from '../text/pair-table.ts';
import { LONGEST } from './join.ts';
import { FOUND, FOUND_BYTES, SLOT_OF_HASH } from './scan.ts';

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

/** Functions of the kernel. */
export const WORDS = `
(func $count (export "count") (param $at i32) (param $end i32) (param $last i32) (result i32) ${PROBE_LOCALS}
  ${forEachFound(`${PROBE}
    (if (i32.eqz (local.get $held)) (then ${ADD_KEY}))
    (f64.store (local.get $slot) (f64.add (f64.load (local.get $slot)) (f64.const 1)))`)}
  (return (local.get $at)))

;; As pair-table.ts.
(func $hashOfPair (param $left i32) (param $right i32) (result i32) (local $hash i32)
  (local.set $hash (i32.xor (i32.mul (local.get $left) (i32.const ${PAIR_FACTORS[0]}))
                            (i32.mul (i32.add (local.get $right) (i32.const 1)) (i32.const ${PAIR_FACTORS[1]}))))
  (return (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 15)))))

;; The id that a pair makes; -1, which is the highest, for none: nearly always $sieve says so.
(func $pair (param $left i32) (param $right i32) (result i32) (local $hash i32)
  (local.set $hash (call $hashOfPair (local.get $left) (local.get $right)))
  (if (i32.and (i32.shl (i32.const 1) (i32.and (local.get $hash) (i32.const 7)))
               (i32.load8_u (i32.add (global.get $sieve)
                 (i32.and (i32.shr_u (local.get $hash) (i32.const 3)) (global.get $pairMask)))))
    (then (return (call $pairIn (local.get $left) (local.get $right)))))
  (return (i32.const -1)))

;; The same of a pair that is likely to make one: as \`PairTable.packed\` says.
(func $pairIn (param $left i32) (param $right i32) (result i32) (local $hash i32) (local $key i64) (local $found i64)
  (local.set $hash (call $hashOfPair (local.get $left) (local.get $right)))
  (local.set $key (i64.or (i64.shl (i64.extend_i32_u (local.get $left)) (i64.const ${ID_BITS})) (i64.extend_i32_u (local.get $right))))
  (loop $probe
    (local.set $found (i64.load (i32.add (global.get $pairs) (i32.shl (i32.and (local.get $hash) (global.get $pairMask)) (i32.const 3)))))
    (if (i64.eqz (i64.xor (i64.shr_u (local.get $found) (i64.const ${ID_BITS})) (local.get $key)))
      (then (return (i32.and (i32.wrap_i64 (local.get $found)) (i32.const ${2 ** ID_BITS - 1})))))
    (local.set $hash (i32.add (local.get $hash) (i32.const 1)))
    (br_if $probe (i32.eqz (i64.eqz (local.get $found)))))
  (return (i32.const -1)))

;; BPE of the $count bytes at $text, at most 16. Ids go to $ids; returns their number.
(func $merge (param $text i32) (param $count i32) (param $ids i32) (result i32) (local $i i32)
  (loop $bytes
    (i32.store (i32.add (local.get $ids) (i32.shl (local.get $i) (i32.const 2)))
      (i32.load8_u offset=ID_OF_BYTE (i32.load8_u (i32.add (local.get $text) (local.get $i)))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $bytes (i32.lt_u (local.get $i) (local.get $count))))
  (return (call $mergePairs (local.get $count) (local.get $ids))))

;; BPE of the $count tokens at $ids, at most ${LONGEST}, in place. Returns how many are left.
(func $mergePairs (param $count i32) (param $ids i32) (result i32) (local $i i32) (local $at i32)
  (block $laid (loop $pairs
    (local.set $at (i32.shl (local.get $i) (i32.const 2)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $laid (i32.ge_u (local.get $i) (local.get $count)))
    (i32.store offset=MADE (local.get $at) (call $pair
      (i32.load (i32.add (local.get $ids) (local.get $at))) (i32.load offset=4 (i32.add (local.get $ids) (local.get $at)))))
    (br $pairs)))
  (return (call $mergeMade (local.get $count) (local.get $ids))))

;; The same where what each pair makes stands at MADE: merge-word.ts has the same loops.
(func $mergeMade (param $count i32) (param $ids i32) (result i32)
  (local $i i32) (local $at i32) (local $made i32) (local $lowest i32) (local $isLower i32)
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
  (local.set $was (global.get $wasJoining))
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
  (global.set $wasJoining (local.get $was))
  (return (local.get $at)))
`;
