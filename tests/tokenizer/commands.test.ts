/** `vua tokenizer train` and `vua tokens`: what they read, write and refuse. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command as Commander } from 'commander';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { encodeTcvn3 } from '../../crawlers/sample/tcvn3.ts';
import { addCommand, type Command, flagOf } from '../../crawlers/shell/command.ts';
import { splitOf } from '../../shards/split.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { tokensCommand } from '../../tokenizer/commands/tokens.ts';
import { tokenizerTrainCommand } from '../../tokenizer/commands/train.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { readTrainingTexts, storedBytes } from '../../tokenizer/train/documents.ts';
import { trainTokenizer } from '../../tokenizer/train/train-files.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { sampleTexts } from './support.ts';

const HELD_OUT = 'quậtquậtquật ';

let dir: string;
let documents: string;
const at = (name: string): string => join(dir, name);

/** Runs a command as the command line does: defaults filled in by its zod object. */
async function run(command: Command, options: Record<string, unknown>, heard = context()): Promise<number> {
  const status = await command.run(z.strictObject(command.options.shape).parse(options), heard);
  return status ?? 0;
}
const trainOptions = (changes: Record<string, unknown> = {}) => ({
  documents: [documents],
  vocabSize: 600,
  out: at('tokenizer'),
  validShare: 0.3,
  ...changes,
});
const tokenizerFile = (): string => readFileSync(at('tokenizer/tokenizer.json'), 'utf8');

/** Documents that the split holds out say a word which nobody else says. */
beforeEach(() => {
  dir = temporaryFolder();
  documents = at('documents');
  mkdirSync(documents);
  const texts = sampleTexts();
  writeFolder(
    documents,
    range(40).map((n) => {
      const heldOut = splitOf(`d${n}`, 0.3) === 'valid';
      return document(n, { text: heldOut ? HELD_OUT.repeat(200) : texts[n] });
    }),
  );
});

describe('vua tokenizer train', () => {
  test('writes a tokenizer that never saw what is held out', async () => {
    expect(await run(tokenizerTrainCommand, trainOptions())).toBe(0);
    const tokenizer = await Tokenizer.load(at('tokenizer'));
    expect(tokenizer.vocabSize).toBe(600);
    expect(tokenizer.encode(HELD_OUT).length).toBeGreaterThan(8);
    expect(JSON.parse(readFileSync(at('tokenizer/tokenizer_config.json'), 'utf8'))).toMatchObject({
      clean_up_tokenization_spaces: false,
      additional_special_tokens: expect.arrayContaining(['<|user|>', '<|reserved_8|>']),
    });

    await run(tokenizerTrainCommand, trainOptions({ validShare: 0, out: at('all') }));
    expect((await Tokenizer.load(at('all'))).encode(HELD_OUT).length).toBeLessThan(4);
  });

  test('the same documents again: nothing new, nothing rewritten', async () => {
    await run(tokenizerTrainCommand, trainOptions());
    const before = statSync(at('tokenizer/tokenizer.json')).mtimeMs;
    const heard = context();
    expect(await run(tokenizerTrainCommand, trainOptions(), heard)).toBe(99);
    expect(heard.out.join('')).toContain('nothing new');
    expect(statSync(at('tokenizer/tokenizer.json')).mtimeMs).toBe(before);
  });

  test('the same text as shards, JSON lines and text files gives the same tokenizer', async () => {
    await run(tokenizerTrainCommand, trainOptions({ validShare: 0 }));
    const expected = tokenizerFile();
    const texts = range(40).map((n) => (splitOf(`d${n}`, 0.3) === 'valid' ? HELD_OUT.repeat(200) : sampleTexts()[n]));
    const jsonl = texts.map((text, n) => JSON.stringify({ id: `d${n}`, text: text.normalize('NFD') })).join('\n');
    writeFileSync(at('documents.jsonl'), jsonl);
    writeFileSync(at('documents.jsonl.gz'), gzipSync(jsonl));
    mkdirSync(at('texts'));
    for (const [n, text] of texts.entries()) writeFileSync(at(`texts/${n}.txt`), text);
    const shard = readdirSync(documents).find((name) => name.startsWith('documents-'))!;
    for (const source of ['documents.jsonl', 'documents.jsonl.gz', 'texts', `documents/${shard}`]) {
      await run(tokenizerTrainCommand, trainOptions({ documents: [at(source)], validShare: 0, out: at('other') }));
      expect(readFileSync(at('other/tokenizer.json'), 'utf8') === expected, source).toBe(true);
    }
  });

  test('TCVN3 as bytes is read as what it says', async () => {
    const text = 'Người ta nói rằng những con đường của làng được đắp từ lâu. '.repeat(9);
    writeFileSync(at('old.txt'), encodeTcvn3(text));
    writeFileSync(at('new.txt'), text);
    await run(tokenizerTrainCommand, trainOptions({ documents: [at('old.txt')] }));
    await run(tokenizerTrainCommand, trainOptions({ documents: [at('new.txt')], out: at('new') }));
    expect(tokenizerFile()).toBe(readFileSync(at('new/tokenizer.json'), 'utf8'));
  });

  test('of a web page only the text is learned from', async () => {
    const text = sampleTexts()[0]
      .replaceAll(/[<>&#*]/g, '')
      .repeat(3);
    const paragraphs = text.split(/\n+/).map((line) => `<p class="doan-van">${line}</p>`);
    writeFileSync(at('page.html'), `<!doctype html><meta charset=utf-8><article>${paragraphs.join('\n')}</article>`);
    writeFileSync(at('no.html'), '<!doctype html><meta name=robots content=noai><p>chẳngđâu chẳngđâu chẳngđâu</p>');
    await run(tokenizerTrainCommand, trainOptions({ documents: [at('page.html'), at('no.html')] }));
    const tokens = Object.keys((JSON.parse(tokenizerFile()) as { model: { vocab: object } }).model.vocab);
    expect(tokens.filter((token) => /class|doan|<p|đâu/.test(token))).toEqual([]);
    expect(tokens.length).toBeGreaterThan(300);
  });

  test('every number is read from the text of a command line', async () => {
    let given: Record<string, unknown> = {};
    const program = new Commander('vua').exitOverride();
    addCommand(program, tokenizerTrainCommand, 'Test', async (_, options) => {
      given = options;
    });
    const numbers = {
      vocabSize: 600,
      validShare: 0.25,
      maxSyllables: 2,
      syllableShare: 0.75,
      split: 'vua',
      digits: 1,
      minFrequency: 3,
      maxTokenLength: 20,
      maxBytes: 2e6,
      seed: 7,
      threads: 1,
    };
    const flags = Object.entries(numbers).flatMap(([key, value]) => [flagOf(key), String(value)]);
    const line = ['tokenizer', 'train', '--documents', documents, '--out', at('tokenizer'), ...flags];
    await program.parseAsync(line, { from: 'user' });
    expect(given).toEqual({ documents: [documents], out: at('tokenizer'), ...numbers });
    await run(tokenizerTrainCommand, given);
    expect((await Tokenizer.load(at('tokenizer'))).split).toMatchObject({
      name: 'vua',
      digits: 1,
      acrossSpaces: true,
    });
  });

  test('a small corpus gives the true size and says so', async () => {
    writeFileSync(at('small.txt'), 'ba ba ba');
    const notes: string[] = [];
    const heard = context();
    const report = { ...heard.report, note: (text: string) => void notes.push(text) };
    const trained = await trainTokenizer(trainOptions({ documents: [at('small.txt')] }), { ...heard, report });
    const figures = { vocabSize: 274, merges: 2, documents: 1, bytes: 8, words: 2 };
    expect(trained).toEqual({ outcome: 'written', report: figures });
    expect(notes.join()).toMatch(/274, not 600/);
  });

  test('what was asked for stands in tokenizer_config.json', async () => {
    await run(tokenizerTrainCommand, trainOptions({ maxSyllables: 2, digits: 1, maxTokenLength: 20 }));
    const config = JSON.parse(readFileSync(at('tokenizer/tokenizer_config.json'), 'utf8')) as { vua: object };
    expect(config.vua).toEqual({
      vocabSize: 600,
      learned: { documents: expect.any(Number), bytes: expect.any(Number) },
      maxSyllables: 2,
      syllableShare: 0.5,
      split: 'vua',
      digits: 1,
      minFrequency: 2,
      maxTokenLength: 20,
      validShare: 0.3,
    });
    const tokenizer = await Tokenizer.load(at('tokenizer'));
    expect(tokenizer.split).toMatchObject({ name: 'vua', digits: 1, acrossSpaces: true });
    expect(Math.max(...tokenizer.byteLengths)).toBeLessThanOrEqual(20);
  });

  test('--max-bytes draws documents by the seed: never more bytes, the same each time', async () => {
    const drawn = (seed: number) =>
      trainTokenizer({ ...trainOptions({ maxBytes: 60_000, seed, out: at(`drawn-${seed}`) }) }, context());
    const [first, again, other] = [await drawn(1), await drawn(1), await drawn(2)];
    expect(first.report!.bytes).toBeGreaterThan(30_000);
    expect(first.report!.bytes).toBeLessThanOrEqual(60_000);
    expect(again).toEqual({ ...first, outcome: 'nothing_new' });
    expect(other.report!.bytes).not.toBe(first.report!.bytes);
    const all = await trainTokenizer(trainOptions({ maxBytes: 1e9, out: at('all') }), context());
    expect(all.report!.bytes).toBeGreaterThan(first.report!.bytes);
  });

  test('a bad line of JSON stops training, and the hint says that nothing was written', async () => {
    writeFileSync(at('torn.jsonl'), `${JSON.stringify({ text: sampleTexts()[0] })}\n{"text":\n`);
    const error = await thrownBy(() => run(tokenizerTrainCommand, trainOptions({ documents: [at('torn.jsonl')] })));
    expect(error).toMatchObject({ code: 'BAD_JSON_LINE', exitStatus: 2, hint: expect.stringMatching(/nothing was/) });
    expect(existsSync(at('tokenizer/tokenizer.json'))).toBe(false);
  });

  test('the size of what will be read is known before, packed or not', async () => {
    mkdirSync(at('plain'));
    writeFileSync(at('plain/a.txt'), 'ba ba');
    writeFileSync(at('plain/b.jsonl'), '{"text":""}');
    expect(storedBytes([at('plain')])).toBe(16);
    expect(storedBytes([at('plain/a.txt'), at('plain')])).toBe(21);
    const packed = gzipSync('ba ba ba '.repeat(3000));
    writeFileSync(at('plain/c.txt.gz'), packed);
    writeFileSync(at('plain/d.png'), 'no input');
    expect(storedBytes([at('plain')])).toBe(16 + packed.length);
    expect(storedBytes([documents])).toBeUndefined();
    let read = 0;
    for await (const _ of readTrainingTexts([at('plain')], 0, new AbortController().signal, (more) => (read += more)));
    expect(read).toBe(16 + packed.length);
  });

  test('a text too large for one document is read to its end, in slices', async () => {
    mkdirSync(at('large'));
    const line = 'Con kênh đào từ thời ông cố tôi nay chỉ còn rộng bằng hai sải tay.\n';
    const size = 66 * 2 ** 20;
    writeFileSync(at('large/a.txt'), line.repeat(Math.ceil(size / Buffer.byteLength(line))));
    const { size: written } = statSync(at('large/a.txt'));
    let [bytes, read, slices] = [0, 0, 0];
    for await (const text of readTrainingTexts(
      [at('large')],
      0,
      new AbortController().signal,
      (more) => (read += more),
    )) {
      bytes += text.length;
      slices++;
    }
    expect(slices).toBeGreaterThan(2);
    expect([bytes, read]).toEqual([written, written]);
    rmSync(at('large'), { recursive: true });
  });

  test('Ctrl-C leaves the folder as it was', async () => {
    await run(tokenizerTrainCommand, trainOptions());
    const before = tokenizerFile();
    const heard = context();
    heard.abort();
    expect(await run(tokenizerTrainCommand, trainOptions({ vocabSize: 500 }), heard)).toBe(130);
    expect(tokenizerFile()).toBe(before);
    expect(readdirSync(at('tokenizer')).sort()).toEqual(['tokenizer.json', 'tokenizer_config.json']);
  });

  test.each([
    ['EMPTY_CORPUS', 'no text', () => writeFileSync(at('blank.jsonl'), '{"text": ""}\n'), 'blank.jsonl'],
    [
      'NOT_TEXT',
      'noise',
      () => writeFileSync(at('noise.txt'), Buffer.from([1, 0xff, 0, 0, 0x80, 3, 0, 200])),
      'noise.txt',
    ],
    [
      'NOT_TEXT',
      'noise without NUL',
      () =>
        writeFileSync(
          at('noise.txt'),
          Uint8Array.from(range(3000), (n) => (Math.imul(n, 2654435761) >>> 24) | 1),
        ),
      'noise.txt',
    ],
    [
      'NOT_TEXT',
      'TCVN3 as Latin-1',
      () => {
        const text = Buffer.from(encodeTcvn3('Người ta nói rằng những con đường của làng được đắp từ lâu.'));
        writeFileSync(at('old.jsonl'), JSON.stringify({ text: text.toString('latin1') }));
      },
      'old.jsonl',
    ],
    ['BAD_INPUT', 'a wrong ending', () => writeFileSync(at('image.png'), 'x'), 'image.png'],
    ['BAD_INPUT', 'a missing file', () => {}, 'missing.jsonl'],
  ])('%s: %s', async (code, _, prepare, name) => {
    prepare();
    const error = await thrownBy(() => run(tokenizerTrainCommand, trainOptions({ documents: [at(name)] })));
    expect(error).toMatchObject({ code, exitStatus: 2 });
    expect(error.message).toContain(name);
    expect(existsSync(at('tokenizer/tokenizer.json'))).toBe(false);
  });

  test('8,192 tokens where nothing is said', () => {
    const { vocabSize: _, ...options } = trainOptions();
    expect(z.strictObject(tokenizerTrainCommand.options.shape).parse(options).vocabSize).toBe(8192);
  });

  test('271 tokens are too few', () => {
    expect(() => z.strictObject(tokenizerTrainCommand.options.shape).parse(trainOptions({ vocabSize: 271 }))).toThrow(
      /272/,
    );
  });
});

describe('vua tokens', () => {
  const options = () => ({ documents, tokenizer: at('tokenizer'), out: at('tokens'), validShare: 0.3 });
  beforeEach(() => run(tokenizerTrainCommand, trainOptions()));

  test('a tokenizer that held out less is refused by name: it has seen what would be held out', async () => {
    await run(tokenizerTrainCommand, trainOptions({ validShare: 0.1 }));
    expect(await thrownBy(() => run(tokensCommand, options()))).toMatchObject({
      ...{ code: 'OTHER_SHARE', exitStatus: 2, message: expect.stringMatching(/--valid-share 0\.1, tokens with 0\.3/) },
    });
    await run(tokenizerTrainCommand, trainOptions({ validShare: 0.4 }));
    expect(await run(tokensCommand, options())).toBe(0);
  });

  test('writes documents as BOS and tokens, which decode to the text', async () => {
    expect(await run(tokensCommand, options())).toBe(0);
    const tokenizer = await Tokenizer.load(at('tokens'));
    const bos = '<|bos|>';
    const tokens = await (await openTokens(at('tokens'))).source('train').load(0);
    const texts = tokenizer.decode(tokens).split(bos).slice(1);
    const expected = range(40).filter((n) => splitOf(`d${n}`, 0.3) === 'train');
    expect(texts).toEqual(expected.map((n) => sampleTexts()[n]));
  });

  test('nothing new the second time; another tokenizer is new', async () => {
    await run(tokensCommand, options());
    expect(await run(tokensCommand, options())).toBe(99);
    await run(tokenizerTrainCommand, trainOptions({ vocabSize: 500 }));
    expect(await run(tokensCommand, options())).toBe(0);
    expect(readFileSync(at('tokens/tokenizer.json'), 'utf8')).toBe(tokenizerFile());
  });

  test('--dropout: other tokens of training text alone, which decode to it, by seed', async () => {
    const tokensOf = async (split: 'train' | 'valid') =>
      Array.from(await (await openTokens(at('tokens'))).source(split).load(0));
    const runs: Record<'train' | 'valid', number[]>[] = [];
    for (const more of [{}, { dropout: 0.2 }, { dropout: 0.2, dropoutSeed: 2 }]) {
      expect(await run(tokensCommand, { ...options(), ...more })).toBe(0);
      expect(await run(tokensCommand, { ...options(), ...more }), 'the same again').toBe(99);
      runs.push({ train: await tokensOf('train'), valid: await tokensOf('valid') });
    }
    const tokenizer = await Tokenizer.load(at('tokens'));
    const [plain, ...dropped] = runs;
    for (const { train, valid } of dropped) {
      expect(train.length).toBeGreaterThan(1.05 * plain.train.length);
      expect(tokenizer.decode(train)).toBe(tokenizer.decode(plain.train));
      expect(valid).toEqual(plain.valid);
    }
    expect(dropped[0].train).not.toEqual(dropped[1].train);
  });

  test('a folder without a tokenizer', async () => {
    const error = await thrownBy(() => run(tokensCommand, { ...options(), tokenizer: documents }));
    expect(error).toMatchObject({ code: 'NO_TOKENIZER', exitStatus: 2 });
  });
});
