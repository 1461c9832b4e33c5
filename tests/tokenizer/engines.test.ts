/** The ids of other engines are ours, by the default and across spaces: each engine where it is installed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { ENGINES, fuzzedTexts, idsIn } from '../bench/tokenizer/engines.ts';
import { makeTemporaryFolder } from '../folder.ts';
import { sampleTexts, train } from './support.ts';

const { VUA_PYTHON: python, VUA_NODE_LLAMA_CPP: nodeLlamaCpp } = process.env;
const ABSENT = /ModuleNotFoundError|ImportError|not found|no folder/;

describe.each([
  ['llama3, the default', { vocabSize: 2000 }],
  ['superbpe, merges across spaces', { vocabSize: 2500, maxSyllables: 4 }],
])('%s', (name, options) => {
  const root = makeTemporaryFolder();
  afterAll(() => rmSync(root, { recursive: true }));
  const dir = join(root, 'tokenizer');
  const pages = sampleTexts().slice(0, 20);
  const lines = pages.flatMap((page) => page.split('\n').filter(Boolean));
  const texts = [...lines.filter((_, i) => i % 4 === 0), ...pages.slice(0, 3), ...fuzzedTexts(lines, 150, 7)];
  let ours: number[][];

  beforeAll(async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(await train(pages, options)));
    writeFileSync(join(dir, 'tokenizer_config.json'), tokenizerConfigJson());
    const tokenizer = await Tokenizer.load(dir);
    ours = texts.map((text) => Array.from(tokenizer.encode(text)));
  });

  test.for(ENGINES)('%s', async (engine, context) => {
    const answer = await idsIn(engine, dir, texts, { python, nodeLlamaCpp });
    if (typeof answer === 'string' && ABSENT.test(answer)) {
      const what =
        engine === 'llama.cpp'
          ? 'VUA_NODE_LLAMA_CPP to a folder with node-llama-cpp'
          : `VUA_PYTHON to a Python with ${engine}`;
      return context.skip(`set ${what}`);
    }
    if (engine === 'gigatoken' && name.startsWith('superbpe')) expect(answer).toMatch(/no fast pretokenizer/);
    else expect((answer as ArrayLike<number>[]).map((ids) => Array.from(ids))).toEqual(ours);
  });
});
