/** The commands that look at a tokenizer: encode, decode, explain, evaluate. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Command } from '../../crawlers/shell/command.ts';
import { splitOf } from '../../shards/split.ts';
import { tokenizerDecodeCommand } from '../../tokenizer/commands/decode.ts';
import { tokenizerEncodeCommand } from '../../tokenizer/commands/encode.ts';
import { tokenizerEvaluateCommand } from '../../tokenizer/commands/evaluate.ts';
import { tokenizerExplainCommand } from '../../tokenizer/commands/explain.ts';
import { tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { openCompared } from '../../tokenizer/evaluate/beside.ts';
import { Evaluation } from '../../tokenizer/evaluate/evaluate.ts';
import { paint, piecesOf } from '../../tokenizer/evaluate/explain.ts';
import { Registers } from '../../tokenizer/evaluate/registers.ts';
import { slicesOf } from '../../tokenizer/evaluate/slices.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { drawTexts } from '../../tokenizer/train/draw-texts.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { sampleTexts, train } from './support.ts';

let dir: string;
let tokenizer: Tokenizer;
const at = (name: string): string => join(dir, name);

beforeAll(async () => {
  dir = temporaryFolder('file');
  const model = await train(sampleTexts(), { vocabSize: 2000, maxSyllables: 3 });
  writeFileSync(at('tokenizer.json'), tokenizerJson(model));
  writeFileSync(at('tokenizer_config.json'), tokenizerConfigJson());
  tokenizer = await Tokenizer.load(dir);
});

async function run(command: Command, options: Record<string, unknown>): Promise<string> {
  const heard = context();
  await command.run(z.strictObject(command.options.shape).parse({ tokenizer: dir, ...options }), heard);
  return heard.out.join('');
}

test('encode and decode are each other’s inverse, on paper and in files', async () => {
  const text = 'Chợ nổi họp từ sáng sớm\r\n\t“2026” 😀 ꦏ\n';
  writeFileSync(at('text.txt'), text);
  const printed = await run(tokenizerEncodeCommand, { file: at('text.txt') });
  expect(printed.trim().split(' ').map(Number)).toEqual([...tokenizer.encode(text)]);
  writeFileSync(at('ids.txt'), `[${printed.trim().replaceAll(' ', ', ')}]\n`);
  await run(tokenizerDecodeCommand, { file: at('ids.txt'), out: at('back.txt') });
  expect(readFileSync(at('back.txt'), 'utf8')).toBe(text);
  expect(await run(tokenizerEncodeCommand, { file: at('text.txt'), out: at('ids.u16') })).toContain('2 bytes each');
  const raw = readFileSync(at('ids.u16'));
  expect([...new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2)]).toEqual([...tokenizer.encode(text)]);
});

test('slices of a text have its ids, wherever they are cut', async () => {
  const text = Array.from(
    { length: 40 },
    (_, i) => `Dòng ${i}, kênh đào\r\n${i % 3 === 0 ? '\n \n' : ''}${i % 5 === 0 ? 'ấp' : 'xóm'} Bến.`,
  ).join('\n');
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  const ids: number[] = [];
  let slices = 0;
  for await (const slice of slicesOf(chunks(), 20)) {
    ids.push(...tokenizer.encode(slice));
    slices++;
  }
  expect(slices).toBeGreaterThan(10);
  expect(ids).toEqual([...tokenizer.encode(text)]);
});

test('decode reads whatever encode writes', async () => {
  const text = 'Sông Hậu, sáng sớm 😀';
  writeFileSync(at('text.txt'), text);
  const heard = context(true);
  await tokenizerEncodeCommand.run({ file: at('text.txt'), tokenizer: dir }, heard);
  writeFileSync(at('ids.json'), heard.out.join(''));
  for (const out of ['ids.u16', 'ids.bin']) await run(tokenizerEncodeCommand, { file: at('text.txt'), out: at(out) });
  writeFileSync(at('ids.u32'), Uint32Array.from(tokenizer.encode(text)));
  const files = [{ file: 'ids.json' }, { file: 'ids.u16' }, { file: 'ids.u32' }, { file: 'ids.bin', format: 'u16' }];
  for (const { file, ...options } of files) {
    expect(await run(tokenizerDecodeCommand, { file: at(file), ...options }), file).toBe(`${text}\n`);
  }
  const error = await thrownBy(() => run(tokenizerEncodeCommand, { file: at('text.txt'), out: at('other.u32') }));
  expect(error).toMatchObject({ code: 'BAD_OPTION', exitStatus: 2, message: expect.stringContaining('u16') });
});

test.each([
  ['12 x1', 'wrong.txt', /wrong\.txt: "x1", expected/],
  ['99999', 'wrong.txt', /"99999", expected decimal token ids from 0 to 1999/],
  ['99999999999999999999999', 'wrong.txt', /"99999999999999999999999"/],
  ['{"ids": [1, 2.5]}', 'wrong.txt', /"2\.5"/],
  ['{"id": 1}', 'wrong.txt', /\{"id": 1\}, expected lines of/],
  ['abc', 'wrong.u16', /3 bytes, expected ids of 2 bytes/],
])('decode refuses %j', async (ids, file, message) => {
  writeFileSync(at(file), ids);
  const error = await thrownBy(() => run(tokenizerDecodeCommand, { file: at(file) }));
  expect(error).toMatchObject({ code: 'BAD_TOKEN', exitStatus: 2 });
  expect(error.message).toMatch(message);
});

test.each(['encode', 'decode'])('Ctrl-C ends %s while standard input is open', async (name) => {
  const child = spawn(process.execPath, [resolve('dist/main.js'), 'tokenizer', name, '--tokenizer', dir]);
  const ended = once(child, 'close');
  // More than a pipe holds: once it is written, the command is reading.
  await new Promise((resume) => child.stdin.write('1 '.repeat(500_000), resume));
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});

test('a missing file is one clear error', async () => {
  const error = await thrownBy(() => run(tokenizerEncodeCommand, { file: at('absent.txt') }));
  expect(error).toMatchObject({ code: 'BAD_INPUT', exitStatus: 2 });
});

describe('explain', () => {
  test('pieces join to the text; a part of a character is shown by its bytes', () => {
    const text = 'Con đường làng ꦏ\n';
    const pieces = piecesOf(tokenizer, text);
    expect(pieces.map(({ id }) => id)).toEqual([...tokenizer.encode(text)]);
    expect(pieces.map((piece) => piece.text).join('')).toMatch(/^Con đường làng.*⟨.*\n$/s);
  });

  test('in colour and without', async () => {
    const pieces = [
      { id: 1, text: 'Con' },
      { id: 2, text: ' đường\n' },
    ];
    expect(paint(pieces, false)).toBe('▏Con▏ đường⏎');
    expect(paint([{ id: 1, text: '\x1b[2J\t' }], false)).toBe('▏\\u{1b}[2J⇥');
    const coloured = paint(pieces, true);
    expect(coloured.split('\x1b[0m')).toHaveLength(3);
    expect(coloured).toContain('m đường⏎');
    expect(await run(tokenizerExplainCommand, { text: 'Con đường' })).toMatch(
      /▏C.*▏ đường\n[\d ]+\n\d+ tokens, 13 bytes/,
    );
  });
});

describe('evaluate', () => {
  test('figures are those of a count by hand', () => {
    const evaluation = new Evaluation({
      name: 'characters',
      vocabSize: 10,
      encode: (text) => Array.from(text, (character) => character.codePointAt(0)!),
      decode: (ids) => String.fromCodePoint(...Array.from(ids)).replace('z', 'Z'),
    });
    evaluation.add('a', 'ơ bế'); // 4 characters, 7 bytes, 2 syllables, one of them one token
    evaluation.add('b', 'z');
    expect(evaluation.total()).toMatchObject({
      source: 'all',
      documents: 2,
      bytes: 8,
      tokens: 5,
      syllables: 3,
      oneTokenSyllables: 2,
      roundTrips: 1,
    });
    expect(evaluation.unusedTokens).toBe(5);
    // An id for each character: what is rewritten has as many, but for `ko`; a name and a rare syllable have their space.
    const hard = new Registers((text) => Array.from(text, (character) => character.codePointAt(0)!));
    hard.add('không phải Hồ Chí Minh ạ ạ');
    expect(hard.figures()).toEqual([
      { register: 'as it is', bytes: 36, tokens: 26 },
      { register: 'without marks', bytes: 26, tokens: 26 },
      { register: 'teencode', bytes: 31, tokens: 22 },
      { register: 'capitals', bytes: 36, tokens: 26 },
      { register: 'names', bytes: 15, tokens: 12 },
      { register: 'rare syllables', bytes: 28, tokens: 22 },
    ]);
    expect(evaluation.audit()).toMatchObject({ letters: ['A', 'B', 'C', 'D', 'E'], digits: [...'0123456789'] });
  });

  test('ours beside ours through the other library: the same figures', async () => {
    writeFileSync(at('page.txt'), sampleTexts()[0]);
    const other = await openCompared(dir);
    expect(other.vocabSize).toBe(2000);
    const shown = await run(tokenizerEvaluateCommand, { documents: [at('page.txt')], beside: [dir] });
    const rows = shown.split('\n').filter((line) => line.includes('page.txt'));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toBe(rows[1]);
    expect(rows[0]).toMatch(/ 1\/1$/);
  });

  test('draws held-out documents over all sources by their hashes, with what they are worth', async () => {
    const documents = temporaryFolder();
    const rows = range(200).map((n) =>
      document(n, {
        text: `${sampleTexts()[n % 40].slice(0, 300)} ${n}.`,
        source: n % 40 === 3 || n % 40 === 4 ? 'ít.vn' : `nguồn-${n % 2}.vn`,
      }),
    );
    writeFolder(documents, rows);
    const held = rows.filter(({ cluster }) => splitOf(cluster, 0.3) === 'valid');
    const heard = context(true);
    const options = { tokenizer: dir, documents: [documents], validShare: 0.3 };
    await tokenizerEvaluateCommand.run(tokenizerEvaluateCommand.options.parse(options), heard);
    const [{ total, sources }] = JSON.parse(heard.out.join('')).results;
    expect(total.documents).toBe(held.length);
    expect(sources.map(({ source }: { source: string }) => source).sort()).toEqual(
      [...new Set(held.map(({ source }) => source))].sort(),
    );
    expect(heard.err.join('')).toMatch(
      /of their words stand in train \d+\.\d % in runs of 13, \d+\.\d % in runs of 50 \(/,
    );
    const bytes = held.map(({ text }) => Buffer.byteLength(text));
    const tokens = held.map(({ text }) => tokenizer.encode(text).length);
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    expect(total.effectiveDocuments).toBeCloseTo(sum(bytes) ** 2 / sum(bytes.map((b) => b ** 2)));
    const residuals = bytes.map((b, i) => (b - (sum(bytes) / sum(tokens)) * tokens[i]) ** 2);
    const error = Math.sqrt((held.length / (held.length - 1)) * sum(residuals)) / sum(tokens);
    expect(total.standardError).toBeCloseTo(error, 8);
    const [few, other] = [
      await drawTexts(documents, { share: 0.3, maxBytes: 3000, signal: heard.signal }),
      temporaryFolder(),
    ];
    expect(few).toMatchObject({ of: held.length, isHeldOut: true });
    writeFolder(other, rows.toReversed());
    expect(await drawTexts(other, { share: 0.3, maxBytes: 3000, signal: heard.signal })).toEqual(few);
    expect(await run(tokenizerEvaluateCommand, { documents: [documents], validShare: 0.3 })).toMatch(
      /^ít\.vn \* .*\n[\s\S]*\*: fewer than 20 effective documents/m,
    );
  });

  test('names what it was asked to compare with and did not find', async () => {
    const error = await thrownBy(() => openCompared('@nobody/tokenizer'));
    expect(error).toMatchObject({ code: 'NO_TOKENIZER', exitStatus: 2 });
    expect(error.message).toContain('@nobody/tokenizer');
    writeFileSync(at('broken.json'), '{');
    expect(await thrownBy(() => openCompared(at('broken.json')))).toMatchObject({ code: 'BAD_TOKENIZER' });
  });

  test('no text at all', async () => {
    writeFileSync(at('empty.jsonl'), '{"text": ""}\n');
    const error = await thrownBy(() => run(tokenizerEvaluateCommand, { documents: [at('empty.jsonl')] }));
    expect(error).toMatchObject({ code: 'EMPTY_CORPUS', exitStatus: 2 });
  });
});
