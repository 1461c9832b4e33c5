/** f16 (IEEE 754 binary16), bf16 (the upper half of an f32) and f32, for weights in files and on the GPU: Node 20 has no Float16Array. */

const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

/** Rounds to the nearest f16, ties to even; what is too large becomes infinity. */
export function toHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    real[0] = values[i];
    const bits = word[0];
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x47800000) {
      halves[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00); // NaN, infinity, or beyond the largest f16
    } else if (magnitude < 0x38800000) {
      // Subnormal: adding 0.5 moves the bits that count to the end of the mantissa, rounded by the hardware.
      word[0] = magnitude;
      real[0] += 0.5;
      halves[i] = sign | (word[0] - 0x3f000000);
    } else {
      const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
      halves[i] = sign | ((rounded - 0x38000000) >>> 13);
    }
  }
  return halves;
}

export function fromHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const sign = halves[i] & 0x8000 ? -1 : 1;
    const exponent = (halves[i] >>> 10) & 31;
    const mantissa = halves[i] & 1023;
    values[i] =
      sign *
      (exponent === 0
        ? mantissa * 2 ** -24
        : exponent === 31
          ? mantissa
            ? Number.NaN
            : Number.POSITIVE_INFINITY
          : (1 + mantissa / 1024) * 2 ** (exponent - 15));
  }
  return values;
}

/** Rounds to the nearest bf16, ties to even. */
export function toBrain(values: Float32Array): Uint16Array<ArrayBuffer> {
  const brains = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    real[0] = values[i];
    const bits = word[0];
    const isNone = (bits & 0x7fffffff) > 0x7f800000;
    brains[i] = isNone ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return brains;
}

export function fromBrain(brains: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(brains.length);
  for (let i = 0; i < brains.length; i++) words[i] = brains[i] << 16;
  return new Float32Array(words.buffer);
}
