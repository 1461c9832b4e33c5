/**
 * Megatron-core, Megatron Bridge, NeMo: `NAME.bin` with the tokens and `NAME.idx`, little-endian
 * (megatron/core/datasets/indexed_dataset.py).
 *
 *   .idx   │ "MMIDIDX" 0 0 │ u64 1 │ u8 dtype │ u64 sequences │ u64 documents │ i32 lengths │ i64 byte offsets │ i64 starts, 0 … N │
 */
import { digits, type Engine, eachLength, Lengths, TOKEN_BYTES } from './engine.ts';

/** `DType` and `DType.optimal_dtype` of Megatron: from here on it takes four bytes, whatever two could hold. */
const WIDE_FROM = 65_500;
const CODES = { uint16: 8, uint32: 4 } as const;
/** Numbers written at once. */
const STRETCH = 1 << 16;

export const MEGATRON: Engine = {
  partTokens: 2 ** 30,
  dtype: (vocabSize) => (vocabSize < WIDE_FROM ? 'uint16' : 'uint32'),
  writer({ split, index }, { dtype }, open) {
    const name = `${split}-${digits(index)}`;
    const tokens = open(`${name}.bin`);
    const lengths = new Lengths();
    return {
      add(documents) {
        tokens.write(documents.tokens);
        eachLength(documents, (length) => lengths.add(length));
      },
      finish() {
        tokens.end();
        const { values } = lengths;
        const head = Buffer.alloc(34);
        head.write('MMIDIDX\0\0', 'latin1');
        head.writeBigUInt64LE(1n, 9);
        head.writeUInt8(CODES[dtype], 17);
        head.writeBigUInt64LE(BigInt(values.length), 18);
        head.writeBigUInt64LE(BigInt(values.length + 1), 26);
        const file = open(`${name}.idx`);
        file.write(head);
        file.write(values);
        let offset = 0;
        writeNumbers(file, values.length, (i) => {
          const at = offset;
          offset += values[i] * TOKEN_BYTES[dtype];
          return at;
        });
        writeNumbers(file, values.length + 1, (i) => i);
        file.end();
        return null;
      },
    };
  },
};

/** i64, in stretches. */
function writeNumbers(
  file: { write(data: ArrayBufferView): void },
  count: number,
  valueAt: (index: number) => number,
): void {
  for (let from = 0; from < count; from += STRETCH) {
    const numbers = new BigInt64Array(Math.min(STRETCH, count - from));
    for (let i = 0; i < numbers.length; i++) numbers[i] = BigInt(valueAt(from + i));
    file.write(numbers);
  }
}
