/**
 * The split rule in WebAssembly: what pretokenize.ts does, and the hash of byte-table.ts.
 *
 *   text     Nam có· 63 tỉ··nh,   64 bytes from the head of a pretoken on (a dot: one more byte of the letter before)
 *   letters  111011100001111110   a bit for each byte that may stand in a syllable, and so for digits, spaces, marks
 *   starts   000100010010000001   from these by shifts: where pretokens begin
 *
 * A Vietnamese syllable is ASCII letters, two-byte characters from C3 to CA (U+00C0…U+02BF, all letters but × and ÷)
 * and three-byte ones from E1 B8 to E1 BB (U+1E00…U+1EFF, all letters): known from vectors. All else takes the tables.
 */
import { HASH_MIX } from '../text/byte-table.ts';
import type { SplitRule } from '../text/split.ts';
import { CLASS_MASK, LETTER, NEWLINE, NUMBER, OTHER } from '../text/unicode.ts';
import { get, localsOf, setAll, VECTORS } from './vectors.ts';

/** What `scan` found, 32 bytes each: key, hash, length, kind, and where it begins. */
export const FOUND_BYTES = 32;
export const FOUND = { hash: 16, length: 20, kind: 24, start: 28 } as const;
/** So many at a time that they and their slots stay in the first cache; one block of text may add 64. */
export const BATCH = 128;
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

const shifted = (mask: string, by: number): string =>
  by === 0 ? get(mask) : `(i64.shl ${get(mask)} (i64.const ${by}))`;

/**
 * Sets $letters, $digits, $spaces and $others, a bit for each of the 64 bytes at $at; what is in none of them is a mark.
 * An apostrophe is left to the tables where a rule has endings.
 */
const classify = ({ endings }: SplitRule): string => `
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
        [
          'others',
          endings === 'none'
            ? `(i8x16.eq (local.get $kinds) ${get('zero')})`
            : `(v128.or (i8x16.eq (local.get $kinds) ${get('zero')}) (i8x16.eq (local.get $v) ${get('apostrophe')}))`,
        ],
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
const starts = (rule: SplitRule): string => `
    (local.set $behindSpaces ${shifted('spaces', 1)})
    (local.set $others (i64.or
      (i64.and (local.get $others) (i64.xor (local.get $spaces) (i64.const -1)))
      (i64.and (local.get $spaces) (local.get $behindSpaces))))
    (local.set $marks (i64.xor (i64.const -1)
      (i64.or (i64.or (local.get $letters) (local.get $digits)) (i64.or (local.get $spaces) (local.get $others)))))
    (local.set $heads ${headsOf('digits')})
    (local.set $starts (i64.or ${headsOf('letters')} ${headsOf('marks')}))
    ${rule.head === 'any' ? LONE_MARKS : ''}
    ${rule.spacedNumbers ? `(local.set $starts (i64.or (local.get $starts) (local.get $heads)))` : ''}
    (local.set $starts (i64.or (local.get $spaces) ${without('starts', get('behindSpaces'))}))
    ${rule.spacedNumbers ? '' : `(local.set $starts (i64.or (local.get $starts) (local.get $heads)))`}
    ${rule.wholeRuns ? LONG_NUMBERS : groupsOf(rule.digits)}
    (local.set $starts (i64.and (i64.and (local.get $starts) (i64.const -2))
      (i64.sub (i64.and (local.get $others) (i64.sub (i64.const 0) (local.get $others))) (i64.const 1))))`;

const without = (mask: string, other: string): string => `(i64.and ${get(mask)} (i64.xor ${other} (i64.const -1)))`;
/** The first bit of each run. */
const headsOf = (mask: string): string => without(mask, shifted(mask, 1));

/** Letters take a mark that stands alone: not behind another, nor behind a space, which takes it first. */
const LONE_MARKS = `(local.set $starts ${without(
  'starts',
  `(i64.and (local.get $letters) (i64.shl (i64.and ${headsOf('marks')} (i64.xor (local.get $behindSpaces) (i64.const -1))) (i64.const 1)))`,
)})`;

/** Threes from the right: of more than three digits the tables decide. */
const LONG_NUMBERS = `(local.set $others (i64.or (local.get $others) (i64.and (local.get $heads)
      (i64.and (i64.and (i64.shr_u (local.get $digits) (i64.const 1)) (i64.shr_u (local.get $digits) (i64.const 2)))
               (i64.shr_u (local.get $digits) (i64.const 3))))))`;

/** Digits in groups from the left: a group begins behind a whole one. */
const groupsOf = (digits: number): string =>
  digits === 0
    ? ''
    : `(local.set $groups ${wholeGroup(digits)})
    (loop $more
      (local.set $heads (i64.and (i64.shl (local.get $heads) (i64.const ${digits})) (local.get $groups)))
      (local.set $starts (i64.or (local.get $starts) (local.get $heads)))
      (br_if $more (i32.eqz (i64.eqz (local.get $heads)))))`;

/** The digits that have so many before them, less one. */
const wholeGroup = (digits: number): string =>
  Array.from({ length: digits }, (_, i) => shifted('digits', i)).reduce((a, b) => `(i64.and ${a} ${b})`);

export const SLOT_OF_HASH = `(i32.add (global.get $slots) (i32.shl (i32.and (local.get $hash) (global.get $slotMask)) (i32.const 5)))`;

const SCAN_LOCALS = `(local $from i32) (local $next i32) (local $kind i32) (local $length i32) (local $hash i32)
  (local $found i32) (local $touched i32) (local $slots i32) (local $slotMask i32) (local $v v128) (local $w v128) (local $kinds v128)
  ${['letters', 'digits', 'spaces', 'others', 'marks', 'behindSpaces', 'heads', 'groups', 'starts']
    .map((name) => `(local $${name} i64)`)
    .join(' ')}
  ${localsOf(VECTORS)}`;

/** Whether the character at $at is of a class. */
const isClass = (kind: number): string => `(i32.eq (local.get $kind) (i32.const ${kind}))`;

/** Returns the end of the digits of a pretoken from $at on. */
const numberOf = ({ digits, wholeRuns }: SplitRule): string => {
  if (digits === 0) return `(return (call $skipRun (local.get $at) (local.get $end) (i32.const ${NUMBER})))`;
  if (wholeRuns) return '(return (call $threes (local.get $at) (local.get $end) (local.get $last)))';
  return `
    (block $stop (loop $run
      (br_if $stop (i32.eq (local.get $digits) (i32.const ${digits})))
      (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
      (br_if $stop (i32.ne (call $class (local.get $at)) (i32.const ${NUMBER})))
      (local.set $at (call $behind (local.get $at)))
      (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
      (br $run)))
    (return (local.get $at))`;
};

/** Behind what letters may take before them, if it is there. */
const behindHead = ({ head }: SplitRule): string => `
(func $behindHead (param $at i32) (result i32) (local $kind i32)
  ${
    head === 'space'
      ? ''
      : `(local.set $kind (call $class (local.get $at)))
  (if (i32.eqz (i32.or ${isClass(LETTER)} (i32.or ${isClass(NUMBER)} ${isClass(NEWLINE)})))
    (then (return (call $behind (local.get $at)))))`
  }
  (return (i32.add (local.get $at) (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20)))))`;

/** Functions of the kernel. */
export function scanSource(rule: SplitRule): string {
  // What a pretoken ends with tells whether merges across spaces may join it to another.
  const joining = rule.wholeRuns ? '(i64.xor (local.get $digits) (i64.const -1))' : '(local.get $letters)';
  return `
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

${behindHead(rule)}

;; Behind a run of letters.
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

(func $skipSpace (param $start i32) (param $end i32) (param $last i32) (result i32)
  (local $at i32) (local $before i32) (local $kind i32) (local $afterNewline i32)
  (local.set $at (local.get $start))
  (local.set $before (local.get $start))
  (block $stop (loop $run
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    (local.set $kind (call $class (local.get $at)))
    (br_if $stop (i32.lt_u (local.get $kind) (i32.const ${NEWLINE})))
    (local.set $before (local.get $at))
    (local.set $at (call $behind (local.get $at)))
    ${rule.lineEnds ? `(if ${isClass(NEWLINE)} (then (local.set $afterNewline (local.get $at))))` : ''}
    (br $run)))
  ;; Another line end may follow.
  (if (i32.and (i32.ne (local.get $afterNewline) (i32.const 0))
               (i32.or (local.get $last) (i32.lt_u (local.get $at) (local.get $end))))
    (then (return (local.get $afterNewline))))
  (if (i32.or (i32.eq (local.get $at) (local.get $end)) (i32.eq (local.get $before) (local.get $start)))
    (then (return (local.get $at))))
  (return (local.get $before)))

;; Up to a place before ASCII digits that threes fit, whatever stands behind them; else all of the number.
(func $threes (param $start i32) (param $end i32) (param $last i32) (result i32)
  (local $at i32) (local $whole i32) (local $behind i32)
  (local.set $at (local.get $start))
  (local.set $whole (call $skipRun (local.get $start) (local.get $end) (i32.const ${NUMBER})))
  (if (i32.and (i32.eq (local.get $whole) (local.get $end)) (i32.eqz (local.get $last))) (then (return (local.get $end))))
  (block $stop (loop $run
    (br_if $stop (i32.ge_u (local.get $at) (local.get $whole)))
    (if (i32.ge_u (local.get $at) (local.get $behind)) (then
      (local.set $behind (local.get $at))
      (block $ascii (loop $digits
        (br_if $ascii (i32.ge_u (local.get $behind) (local.get $whole)))
        (br_if $ascii (i32.ge_u (i32.load8_u (local.get $behind)) (i32.const 0x80)))
        (local.set $behind (i32.add (local.get $behind) (i32.const 1)))
        (br $digits)))))
    (if (i32.and (i32.gt_u (local.get $at) (local.get $start)) (i32.gt_u (local.get $behind) (local.get $at))) (then
      (if (i32.eqz (i32.rem_u (i32.sub (local.get $behind) (local.get $at)) (i32.const 3))) (then (return (local.get $at))))))
    (local.set $at (call $behind (local.get $at)))
    (br $run)))
  (return (local.get $whole)))

;; What does not begin with letters.
(func $nextByClass (param $start i32) (param $end i32) (param $last i32) (result i32)
  (local $at i32) (local $kind i32) (local $following i32) (local $digits i32)
  (local.set $at (local.get $start))
  (local.set $kind (call $class (local.get $at)))
  (if (i32.and (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x20))
               (i32.lt_u (i32.add (local.get $at) (i32.const 1)) (local.get $end))) (then
    (local.set $following (call $class (i32.add (local.get $at) (i32.const 1))))
    (if (i32.or (i32.and (i32.eq (local.get $following) (i32.const ${NUMBER})) (i32.const ${Number(rule.spacedNumbers)}))
                (i32.eq (local.get $following) (i32.const ${OTHER})))
      (then
        (local.set $kind (local.get $following))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))))))
  (if (i32.eq (local.get $kind) (i32.const ${OTHER})) (then
    (local.set $at (call $skipRun (local.get $at) (local.get $end) (i32.const ${OTHER})))
    ${rule.lineEnds ? `(local.set $at (call $skipRun (local.get $at) (local.get $end) (i32.const ${NEWLINE})))` : ''}
    (return (local.get $at))))
  (if (i32.eq (local.get $kind) (i32.const ${NUMBER})) (then ${numberOf(rule)}))
  ${
    rule.wholeRuns
      ? `(if ${isClass(NEWLINE)} (then (return
    (call $skipRun (local.get $at) (local.get $end) (i32.const ${NEWLINE})))))
  (return (call $behind (local.get $at))))`
      : '(return (call $skipSpace (local.get $start) (local.get $end) (local.get $last))))'
  }

;; Finds pretokens until the batch is full, and reads a byte of the slot of each: the processor fetches many at a time.
;; Stops at $end, before a pretoken that may go on behind it, and before a long one.
(func $scan (param $at i32) (param $end i32) (param $last i32) (result i32) ${SCAN_LOCALS}
  ${setAll(VECTORS)}
  (local.set $found (i32.const FOUND))
  (block $stop (loop $blocks
    (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))
    ${classify(rule)}
    ${starts(rule)}
    (local.set $from (local.get $at))
    (block $taken (loop $words
      (br_if $taken (i64.eqz (local.get $starts)))
      (local.set $next (i32.wrap_i64 (i64.ctz (local.get $starts))))
      (local.set $kind (i32.and (i32.const 1)
        (i32.wrap_i64 (i64.shr_u ${joining} (i64.extend_i32_u (i32.sub (local.get $next) (i32.const 1)))))))
      (local.set $next (i32.add (local.get $from) (local.get $next)))
      (local.set $starts (i64.and (local.get $starts) (i64.sub (local.get $starts) (i64.const 1))))
      ${TAKE}
      (br $words)))
    (if (i32.or (i32.eqz (i64.eqz (local.get $others))) (i32.eq (local.get $at) (local.get $from))) (then
      ${rule.endings === 'none' ? '' : '(br_if $stop (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x27)))'}
      (local.set $from (call $behindHead (local.get $at)))
      (local.set $next (call $letters (local.get $from)))
      (local.set $kind (i32.ne (local.get $next) (local.get $from)))
      (if (i32.eqz (local.get $kind)) (then
        (local.set $next (call $nextByClass (local.get $at) (local.get $end) (local.get $last)))
        ${rule.wholeRuns ? `(local.set $kind (i32.ne (call $class (local.get $at)) (i32.const ${NUMBER})))` : ''}))
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
`;
}
