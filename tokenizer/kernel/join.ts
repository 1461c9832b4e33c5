/**
 * Merges across spaces in WebAssembly: what encode/join.ts does, for pieces of up to 48 tokens. Tokens are taken 60 at a time:
 *
 *   tokens   ▏Việt▕· Nam▕· là▕ một▕· nước▕      ·  nothing but a space before it: `$flag`
 *   joins     0    1     0   0    1             first, from hashes of all neighbours, without a branch
 *   made      –    Việt Nam  –    một nước      then what each of these pairs makes: memory fetches many at once
 *
 * and then piece by piece. Where a piece is longer, or may go on behind the end, it stops.
 */
import { PAIR_FACTORS } from '../text/pair-table.ts';

/** Bits that say which tokens may meet in a piece, a power of two: 128 kB, which stay in the caches. */
export const JOINABLE_BITS = 1 << 20;

/** Tokens of a batch: with four more they fit the bits of a word. */
const BATCH = 60;
/** Tokens of a piece: as many as `$mergeMade` takes. */
export const LONGEST = 48;
/** Tokens of a batch and those behind it, as they stand; then what they make with the one before. */
const BATCH_BYTES = 4 * (BATCH + 4 + LONGEST);
/** Tokens of a piece, and a vector behind. */
export const PIECE_BYTES = 2 * BATCH_BYTES + 4 * (LONGEST + 4);
const [MADE_AT, PIECE_AT] = [BATCH_BYTES, 2 * BATCH_BYTES];

const lanes = (each: (lane: number) => string): string =>
  [0, 1, 2, 3].map(each).reduce((left, right) => `(i32.or ${left} ${right})`);

/** 1 where the bit of a lane's hash is set, as the bit of that lane. */
const joinableIn = (lane: number): string => `
      (i32.shl (i32.and (i32.const 1) (i32.shr_u
        (i32.load8_u (i32.add (local.get $joinable) (i32.and (i32.const ${JOINABLE_BITS / 8 - 1})
          (i32.shr_u (i32x4.extract_lane ${lane} (local.get $hash)) (i32.const 3)))))
        (i32.and (i32x4.extract_lane ${lane} (local.get $hash)) (i32.const 7)))) (i32.const ${lane}))`;

/** Copies the batch, and the vector behind it, and sets $joins. */
const FIND_JOINS = `
    (local.set $joins (i64.const 0))
    (local.set $i (i32.const 0))
    (loop $fours
      (local.set $from (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 2))))
      (local.set $v (v128.load (local.get $from)))
      (v128.store offset=PIECE (i32.shl (local.get $i) (i32.const 2)) (local.get $v))
      (local.set $hash (v128.xor
        (i32x4.mul (v128.and (v128.load (i32.sub (local.get $from) (i32.const 4))) (local.get $ids))
                   (i32x4.splat (i32.const ${PAIR_FACTORS[0]})))
        (i32x4.mul (i32x4.add (v128.and (local.get $v) (local.get $ids)) (i32x4.splat (i32.const 1)))
                   (i32x4.splat (i32.const ${PAIR_FACTORS[1]})))))
      (local.set $hash (v128.xor (local.get $hash) (i32x4.shr_u (local.get $hash) (i32.const 15))))
      (local.set $joins (i64.or (local.get $joins) (i64.shl
        (i64.extend_i32_u (i32.and ${lanes(joinableIn)}
          (i32x4.bitmask (i32x4.shl (local.get $v) (i32.const 1)))))
        (i64.extend_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $fours (i32.lt_u (local.get $i) (i32.add (local.get $count) (i32.const 4)))))
    (local.set $joins (i64.and (i64.and (local.get $joins) (i64.const -2))
      (i64.sub (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $count))) (i64.const 1))))`;

const token = (at: string, offset = 0): string =>
  `(i32.and (i32.load offset=PIECE+${offset} (i32.shl ${at} (i32.const 2))) (local.get $id))`;
const made = (offset: number): string =>
  `(i32.load offset=PIECE+${MADE_AT + offset} (i32.shl (local.get $i) (i32.const 2)))`;

const LOOK_UP = `
    (local.set $rest (local.get $joins))
    (block $all (loop $pairs
      (br_if $all (i64.eqz (local.get $rest)))
      (local.set $i (i32.wrap_i64 (i64.ctz (local.get $rest))))
      (local.set $rest (i64.and (local.get $rest) (i64.sub (local.get $rest) (i64.const 1))))
      (i32.store offset=PIECE+${MADE_AT} (i32.shl (local.get $i) (i32.const 2))
        (call $pairIn ${token('(i32.sub (local.get $i) (i32.const 1))')} ${token('(local.get $i)')}))
      (br $pairs)))`;

/** Writes $length tokens that stand at PIECE and `offset` behind $i, four at a time. */
const write = (offset: string): string => `
      (local.set $to (local.get $write))
      (local.set $write (i32.add (local.get $write) (i32.shl (local.get $length) (i32.const 2))))
      (loop $copy
        (v128.store (local.get $to) (v128.and (v128.load offset=PIECE+${offset} (local.get $from)) (local.get $ids)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $copy (i32.lt_u (local.get $to) (local.get $write))))`;

/** A piece of two: one token or both. */
const OF_TWO = `
      (local.set $left ${made(4)})
      (local.set $to (i32.eq (local.get $left) (i32.const -1)))
      (i32.store (local.get $write) (select ${token('(local.get $i)')} (local.get $left) (local.get $to)))
      (i32.store offset=4 (local.get $write) ${token('(local.get $i)', 4)})
      (local.set $write (i32.add (local.get $write) (i32.add (i32.const 4) (i32.shl (local.get $to) (i32.const 2)))))`;

const OF_MORE = `
      (local.set $from (i32.shl (local.get $i) (i32.const 2)))
      (local.set $to (i32.const 0))
      (loop $take
        (v128.store offset=PIECE+${PIECE_AT} (local.get $to) (v128.and (v128.load offset=PIECE (local.get $from)) (local.get $ids)))
        (v128.store offset=MADE (local.get $to) (v128.load offset=PIECE+${MADE_AT + 4} (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br_if $take (i32.lt_u (local.get $to) (i32.shl (local.get $length) (i32.const 2)))))
      (local.set $left (local.get $length))
      (local.set $length (call $mergeMade (local.get $length) (i32.add (i32.const PIECE) (i32.const ${PIECE_AT}))))
      (local.set $from (i32.const 0))
      ${write(String(PIECE_AT))}
      (local.set $length (local.get $left))`;

/** Functions of the kernel. */
export const JOIN = `
(func $join (export "join") (param $at i32) (param $end i32) (param $write i32) (param $last i32) (result i32)
  (local $count i32) (local $isOpen i32) (local $i i32) (local $length i32) (local $left i32) (local $from i32) (local $to i32)
  (local $joinable i32) (local $id i32) (local $joins i64) (local $rest i64) (local $v v128) (local $hash v128) (local $ids v128)
  (local.set $joinable (global.get $joinable))
  (local.set $id (i32.sub (global.get $flag) (i32.const 1)))
  (local.set $ids (i32x4.splat (local.get $id)))
  (block $stop (loop $batches
    (local.set $count (i32.shr_u (i32.sub (local.get $end) (local.get $at)) (i32.const 2)))
    (br_if $stop (i32.eqz (local.get $count)))
    (local.set $isOpen (i32.eqz (local.get $last)))
    (if (i32.gt_u (local.get $count) (i32.const ${BATCH})) (then
      (local.set $count (i32.const ${BATCH}))
      (local.set $isOpen (i32.const 1))))
    ${FIND_JOINS}
    ${LOOK_UP}
    (local.set $i (i32.const 0))
    (block $done (loop $pieces
      (local.set $rest (i64.shr_u (local.get $joins) (i64.extend_i32_u (i32.add (local.get $i) (i32.const 1)))))
      ;; tokens that stand alone
      (local.set $length (i32.wrap_i64 (i64.ctz (local.get $rest))))
      (if (i64.eqz (local.get $rest)) (then
        (local.set $length (i32.sub (i32.sub (local.get $count) (local.get $i)) (local.get $isOpen)))))
      (if (local.get $length) (then
      (local.set $from (i32.shl (local.get $i) (i32.const 2)))
      ${write('0')}
      (local.set $i (i32.add (local.get $i) (local.get $length)))))
      (br_if $done (i64.eqz (local.get $rest)))
      ;; the piece behind them
      (local.set $rest (i64.shr_u (local.get $joins) (i64.extend_i32_u (i32.add (local.get $i) (i32.const 1)))))
      (local.set $length (i32.add (i32.const 1) (i32.wrap_i64 (i64.ctz (i64.xor (local.get $rest) (i64.const -1))))))
      (br_if $done (i32.and (local.get $isOpen) (i32.eq (i32.add (local.get $i) (local.get $length)) (local.get $count))))
      (if (i32.eq (local.get $length) (i32.const 2)) (then ${OF_TWO}) (else
      (if (i32.gt_u (local.get $length) (i32.const ${LONGEST})) (then
        (local.set $end (i32.const 0)) ;; no further batch
        (br $done)))
      ${OF_MORE}))
      (local.set $i (i32.add (local.get $i) (local.get $length)))
      (br_if $pieces (i32.lt_u (local.get $i) (local.get $count)))))
    ;; what was written over behind the last piece
    (local.set $from (i32.shl (local.get $i) (i32.const 2)))
    (local.set $at (i32.add (local.get $at) (local.get $from)))
    (v128.store (local.get $at) (v128.load offset=PIECE (local.get $from)))
    (br_if $stop (i32.eqz (local.get $end)))
    (br_if $batches (local.get $i))))
  (global.set $ids (local.get $write))
  (return (local.get $at)))
`;
