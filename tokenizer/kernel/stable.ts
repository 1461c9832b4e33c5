/** Whether a text is UTF-8 that NFC leaves alone, in WebAssembly: what well-formed.ts asks. After arXiv:2010.03090. */
import { get, localsOf, STABLE_VECTORS, setAll } from './vectors.ts';

/** A function of the kernel. */
export const STABLE = `
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
`;
