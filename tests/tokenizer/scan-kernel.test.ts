/** The WebAssembly scan does what the plain code does. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Encoder } from '../../tokenizer/encode/encode.ts';
import { Scanner } from '../../tokenizer/encode/scanner.ts';
import { assemble } from '../../tokenizer/kernel/wat.ts';
import type { BpeModel } from '../../tokenizer/model.ts';
import { DEFAULT_SPLIT, SPLIT_RULES } from '../../tokenizer/text/split.ts';
import { CLASS_MASK, LETTER, UNSTABLE, unicodeFacts } from '../../tokenizer/text/unicode.ts';
import { toWellFormed } from '../../tokenizer/text/well-formed.ts';
import { type CountedKeys, tallyOf, WordTally } from '../../tokenizer/train/tally.ts';
import { bytesOf, oddText, sampleTexts, train } from './support.ts';

let plain: Encoder;
let accelerated: Encoder;
let across: { plain: Encoder; accelerated: Encoder }[];
let model: BpeModel;

beforeAll(async () => {
  model = await train(sampleTexts(), { vocabSize: 2000 });
  plain = new Encoder(model, { accelerate: false });
  accelerated = new Encoder(model, { window: 64 });
  const joining = await train(sampleTexts(), { vocabSize: 3000, maxSyllables: 3, digits: 1 });
  const whole = await train(sampleTexts(), { vocabSize: 2500, maxSyllables: 4 });
  across = [joining, whole].flatMap((each) => {
    const plainly = new Encoder(each, { accelerate: false });
    return [{ window: 64 }, {}].map((options) => ({ plain: plainly, accelerated: new Encoder(each, options) }));
  });
});

test('WebAssembly with vectors runs here: else the tests below say nothing', () => {
  expect(new Scanner({ split: DEFAULT_SPLIT }).isAccelerated).toBe(true);
  expect(new Scanner({ split: DEFAULT_SPLIT, accelerate: false }).isAccelerated).toBe(false);
});

test('characters that one vector takes for letters, or for stable, are', () => {
  const { blockOf, facts } = unicodeFacts();
  const factsOf = (codePoint: number): number => facts[(blockOf[codePoint >> 6] << 6) | (codePoint & 63)];
  const wrong: string[] = [];
  const hold = (first: number, last: number, isTrue: (facts: number) => boolean): void => {
    for (let i = first; i <= last; i++) if (!isTrue(factsOf(i))) wrong.push(i.toString(16));
  };
  const isLetter = (value: number): boolean => (value & CLASS_MASK) === LETTER;
  const isStable = (value: number): boolean => (value & UNSTABLE) === 0;
  for (const [first, last] of [
    [0x61, 0x7a],
    [0x41, 0x5a],
    [0xc0, 0xd6],
    [0xd8, 0xf6],
    [0xf8, 0x2bf],
    [0x1e00, 0x1eff],
  ] as const) {
    hold(first, last, isLetter);
  }
  for (const [first, last] of [
    [0, 0x2ff],
    [0x1e00, 0x1eff],
    [0x2002, 0x203f],
  ] as const) {
    hold(first, last, isStable);
  }
  expect(wrong).toEqual([]);
});

/** Odd text with long syllables, and runs around the 16 bytes of a vector. */
const text = fc
  .array(
    fc.oneof(
      oddText(12),
      fc.constantFrom('nghiêng ', 'ThuỷĐiện', "a'REl'll", 'ằ'.repeat(6), 'x'.repeat(17), '…“”–'),
      // runs over the 64 bytes of a block
      fc.constantFrom(...['9', '.', ' ', 'à', ' 12', ', ', 'a.', '\n'].map((part) => part.repeat(67))),
      fc.string({ minLength: 14, maxLength: 18, unit: fc.constantFrom('a', 'ê', 'ế', '×', ' ', '9') }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

test('ids are those of the plain code, in windows of 64 bytes as well', () => {
  fc.assert(
    fc.property(text, (sample) => {
      expect(accelerated.encode(sample)).toEqual(plain.encode(sample));
      for (const each of across) expect(each.accelerated.encode(sample)).toEqual(each.plain.encode(sample));
    }),
    { numRuns: process.env.VUA_LONG ? 1500 : 400 },
  );
  for (const page of sampleTexts()) {
    expect(accelerated.encode(page)).toEqual(plain.encode(page));
    for (const each of across) expect(each.accelerated.encode(page)).toEqual(each.plain.encode(page));
  }
});

test('runs of syllables that join are those of the plain code, wherever they begin and however long they are', () => {
  const phrase = 'một trong những người Việt Nam của thành phố, ở trong nước và ';
  for (let before = 0; before < 70; before += 3) {
    for (const run of [2, 15, 47, 48, 49, 59, 60, 61, 130]) {
      const sample = `${'x1 '.repeat(before)}${phrase.repeat(12).split(' ').slice(0, run).join(' ')}${' '.repeat(run)}\n${'. '.repeat(run)}`;
      for (const each of across) expect(each.accelerated.encode(sample)).toEqual(each.plain.encode(sample));
    }
  }
});

function countsOf(tally: WordTally): string[] {
  const { bytes, lengths, counts } = tally.result();
  let at = 0;
  return Array.from(counts, (count, i) => {
    at += lengths[i];
    return `${count} ${Buffer.from(bytes.subarray(at - lengths[i], at)).toString('hex')}`;
  }).sort();
}

const RULES = SPLIT_RULES.filter(({ name, acrossSpaces }) => name !== 'vua' || acrossSpaces);

test.each(RULES.map((rule) => [`${rule.name} ${rule.digits}`, rule] as const))(
  'pretokens by %s are those of the plain code, in any window',
  (_, split) => {
    // Of single bytes alone the ids show nothing but where syllables join.
    const kinds = [{ window: 64 }, { window: 1 << 12 }].flatMap((options) => [
      new WordTally({ split, ...options }),
      new WordTally({ split, ...options, accelerate: false }),
    ]);
    fc.assert(
      fc.property(text, (sample) => {
        const bytes = bytesOf(sample);
        const [first, ...others] = kinds.map((tally) => {
          tally.add(bytes);
          return tally.size;
        });
        expect(others).toEqual([first, first, first]);
      }),
      { numRuns: 150 },
    );
    const [first, ...others] = kinds.map((tally) => countsOf(tally));
    for (const other of others) expect(other).toEqual(first);
  },
);

test('a run of spaces is one pretoken up to its last line end, wherever a window ends in it', () => {
  const windows = [new Encoder(model, { window: 64 }), new Encoder(model, { window: 64, accelerate: false })];
  for (let before = 1; before < 64; before += 4) {
    for (const gap of ['\n  \n', '\r\n              \r\n', '\n\n\n', ' \n \n ']) {
      const text = `${'ab '.repeat(before).slice(0, before)}${gap}Việt Nam ${'x'.repeat(80)}`;
      const whole = plain.encode(text);
      for (const encoder of windows) expect(encoder.encode(text), JSON.stringify(text)).toEqual(whole);
      const [counted, inWindows] = [{}, { window: 64 }].map((options) => {
        const tally = new WordTally({ split: DEFAULT_SPLIT, ...options });
        tally.add(bytesOf(text));
        const { lengths, counts } = tally.result();
        return [...lengths].map((length, i) => `${length} × ${counts[i]}`).sort();
      });
      expect(inWindows).toEqual(counted);
    }
  }
});

test('well-formed is what the plain code says, for any bytes', () => {
  const scanner = new Scanner({ split: DEFAULT_SPLIT });
  const bytes = fc
    .array(fc.oneof(fc.uint8Array({ maxLength: 5 }), text.map(bytesOf), fc.constant(bytesOf('Việt Nam đất nước '))), {
      maxLength: 8,
    })
    .map((parts) => new Uint8Array(Buffer.concat(parts)));
  fc.assert(
    fc.property(bytes, (sample) => {
      const expected = toWellFormed(sample);
      const found = scanner.wellFormed(sample);
      expect(found === sample).toBe(expected === sample);
      expect(Buffer.compare(found, expected)).toBe(0);
    }),
    { numRuns: 2500 },
  );
  for (const cut of [1, 2, 3]) {
    for (let length = 0; length < 40; length++) {
      const sample = bytesOf(`${'a'.repeat(length)}ế`).slice(0, length + cut);
      expect(scanner.wellFormed(sample) === sample, `${length} ${cut}`).toBe(cut === 3);
    }
  }
});

describe('counting', () => {
  const counted = (tally: WordTally, texts: readonly string[]): string[] => {
    for (const sample of texts) tally.add(bytesOf(sample));
    return countsOf(tally);
  };

  test('is that of the plain code, through growth of table and window', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        const expected = counted(new WordTally({ split: DEFAULT_SPLIT, accelerate: false }), texts);
        expect(counted(new WordTally({ split: DEFAULT_SPLIT, window: 64 }), texts)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
    const many = Array.from({ length: 60_000 }, (_, i) => ` ${i.toString(36)}ế`).join('');
    const expected = counted(new WordTally({ split: DEFAULT_SPLIT, accelerate: false }), [many, many]);
    expect(counted(new WordTally({ split: DEFAULT_SPLIT }), [many, many])).toEqual(expected);
    expect(expected.length).toBeGreaterThan(20_000);
  });

  test('a text that the caller changes afterwards was taken as it was', () => {
    const tally = tallyOf({ kind: 'words', split: DEFAULT_SPLIT });
    const shared = bytesOf('một hai');
    tally.add(shared);
    shared.set(bytesOf('bốn'));
    tally.add(shared);
    const { lengths } = tally.result() as CountedKeys;
    expect(lengths.length).toBe(3); // một, hai, bốn
  });
});

test('the assembler names what it does not know', () => {
  expect(() => assemble('(module (func $f (i32.rotl (i32.const 1))))')).toThrow('$f: i32.rotl');
  expect(() => assemble('(module (func $f (local.get $x)))')).toThrow('$x in local.get');
  expect(() => assemble('(modul)')).toThrow('expected module');
});
