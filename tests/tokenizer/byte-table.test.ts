/** The table from bytes to counts, beside a Map of strings. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteTable } from '../../tokenizer/text/byte-table.ts';
import { PaddedText } from '../../tokenizer/text/padded-text.ts';

/** Few byte values, so that keys repeat, differ by trailing zeros, and share heads around the inline limit of 16. */
const key = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 255), { minLength: 1, maxLength: 4 }),
  fc
    .integer({ min: 14, max: 19 })
    .chain((length) => fc.constantFrom(0, 7).map((last) => [...Array(length).fill(7), last])),
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 40 }),
);

const taken = (table: ByteTable): number[] =>
  Array.from({ length: table.capacity }, (_, slot) => slot).filter((slot) => table.lengthAt(slot) > 0);
function keyAt(table: ByteTable, slot: number): Uint8Array {
  const key = new Uint8Array(table.lengthAt(slot));
  table.copyKey(slot, key, 0);
  return key;
}

test('counts keys as a Map of strings does, through growth', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
      const table = new ByteTable(4);
      const text = new PaddedText(1 << 20);
      const expected = new Map<string, number>();
      text.set(Uint8Array.from(keys.flat()));
      let start = 0;
      for (const bytes of keys) {
        const slot = table.slotOf(text, start, start + bytes.length);
        table.f64[slot * 4] += 1;
        expected.set(bytes.join(), (expected.get(bytes.join()) ?? 0) + 1);
        start += bytes.length;
      }
      const found = taken(table).map((slot): [string, number] => [keyAt(table, slot).join(), table.f64[slot * 4]]);
      expect(found.sort()).toEqual([...expected].sort());
      expect(table.size).toBe(expected.size);
      expect(table.keyBytes).toBe(taken(table).reduce((sum, slot) => sum + table.lengthAt(slot), 0));
    }),
    { numRuns: 250 },
  );
});

test('is empty after clear and can be filled again', () => {
  const table = new ByteTable(4);
  const text = new PaddedText(1 << 20);
  text.set(new Uint8Array(40).fill(3));
  for (const length of [1, 16, 17, 40]) {
    const slot = table.slotOf(text, 0, length);
    table.f64[slot * 4] = length;
  }
  expect(table.size).toBe(4);
  table.clear();
  expect(taken(table)).toEqual([]);
  const slot = table.slotOf(text, 0, 17);
  expect(table.f64[slot * 4]).toBe(0);
  expect(table.size).toBe(1);
});
