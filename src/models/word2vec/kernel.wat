;; The arithmetic of negative sampling: products of one vector with many rows of a table, four numbers at a time
;; (WebAssembly SIMD, https://webassembly.github.io/spec/core/), on memory that threads share. JavaScript's own loops
;; over typed arrays do one number at a time and take three to four times as long.
;;
;; A vector is an offset in bytes, and $bytes long: a multiple of 16. $rows points to $count such offsets, $factors and
;; $results to as many 32-bit floats. $count is at least 1.
(module
  (import "word2vec" "memory" (memory 1 65536 shared))

  ;; results[k] = x · row[k]
  (func (export "dots")
    (param $x i32) (param $rows i32) (param $results i32) (param $count i32) (param $bytes i32)
    (local $row i32) (local $at i32) (local $sum v128)
    (loop $next_row
      (local.set $row (i32.load (local.get $rows)))
      (local.set $sum (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $next_four
        (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul
          (v128.load (i32.add (local.get $x) (local.get $at)))
          (v128.load (i32.add (local.get $row) (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $next_four (i32.lt_u (local.get $at) (local.get $bytes))))
      (f32.store (local.get $results) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum)))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
      (local.set $results (i32.add (local.get $results) (i32.const 4)))
      (br_if $next_row (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; into += Σ factors[k] · row[k]
  (func (export "combine")
    (param $into i32) (param $rows i32) (param $factors i32) (param $count i32) (param $bytes i32)
    (local $row i32) (local $at i32) (local $factor v128)
    (loop $next_row
      (local.set $row (i32.load (local.get $rows)))
      (local.set $factor (v128.load32_splat (local.get $factors)))
      (local.set $at (i32.const 0))
      (loop $next_four
        (v128.store (i32.add (local.get $into) (local.get $at)) (f32x4.add
          (v128.load (i32.add (local.get $into) (local.get $at)))
          (f32x4.mul (local.get $factor) (v128.load (i32.add (local.get $row) (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $next_four (i32.lt_u (local.get $at) (local.get $bytes))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
      (local.set $factors (i32.add (local.get $factors) (i32.const 4)))
      (br_if $next_row (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; row[k] += factors[k] · x, one k after the other, so that a row may come twice
  (func (export "spread")
    (param $x i32) (param $rows i32) (param $factors i32) (param $count i32) (param $bytes i32)
    (local $row i32) (local $at i32) (local $factor v128)
    (loop $next_row
      (local.set $row (i32.load (local.get $rows)))
      (local.set $factor (v128.load32_splat (local.get $factors)))
      (local.set $at (i32.const 0))
      (loop $next_four
        (v128.store (i32.add (local.get $row) (local.get $at)) (f32x4.add
          (v128.load (i32.add (local.get $row) (local.get $at)))
          (f32x4.mul (local.get $factor) (v128.load (i32.add (local.get $x) (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $next_four (i32.lt_u (local.get $at) (local.get $bytes))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
      (local.set $factors (i32.add (local.get $factors) (i32.const 4)))
      (br_if $next_row (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
)
