/** What the operator tests must reach, and which of them are left out, with the reason. */

/** Tests that pass at least, and those among them in which no kernel of the `cpu` backend ran. */
export const MINIMUM_PASSED = 4220;
export const MINIMUM_NATIVE = 3439;

const NAN_BY_POSITION =
  "ONNX Runtime's reductions treat NaN by its position; a guard would cost a training step about 5 %";

/** Tests whose name contains `test`. */
export const EXCLUSIONS = [
  { test: 'argmax onnxruntime {} ignores NaNs', reason: NAN_BY_POSITION },
  { test: 'argmin onnxruntime {} ignores NaNs', reason: NAN_BY_POSITION },
  { test: 'max onnxruntime {} return NaNs', reason: NAN_BY_POSITION },
  { test: 'min onnxruntime {} return NaNs', reason: NAN_BY_POSITION },
  {
    test: 'tan onnxruntime {} numbers exceed float32 precision',
    reason: 'the result differs in the last bit of float32: 30144.1777 against 30144.1758',
  },
];
