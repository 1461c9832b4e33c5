/** The tokenizer as a page has it: bundled for browsers, run where there is nothing of Node. */
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { tokenizerJson } from '../../tokenizer/encode/export.ts';
import { bytesOf, sampleTexts, tokenizerOf, train } from './support.ts';

test.each([1, 3])('encodes and decodes in a page, tokens of up to %d syllables', async (maxSyllables) => {
  const { outputFiles } = await build({
    entryPoints: ['tokenizer/load.ts'],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    external: ['node:fs/promises'], // behind Tokenizer.load, which a page does not call
  });
  const page = createContext({ TextEncoder, TextDecoder, WebAssembly, Uint8Array });
  // A script cannot await at its top, as the module does for its checksums.
  const code = outputFiles[0].text.replace(/export \{\s*(\w+)[^}]*\};\s*$/, 'return { Tokenizer: $1 };');
  page.vua = await runInContext(`(async () => { ${code} })()`, page);
  const model = await train(sampleTexts(), { vocabSize: 2000, maxSyllables });
  const own = tokenizerOf(model);
  page.json = bytesOf(tokenizerJson(model));
  runInContext('tokenizer = vua.Tokenizer.parse(json, "tokenizer.json")', page);
  for (const text of [...sampleTexts().slice(0, 5), 'a\ud800 e\u0302\u0301 😀']) {
    page.text = text;
    const ids = runInContext('Array.from(tokenizer.encode(text))', page) as number[];
    expect([...ids]).toEqual([...own.encode(text)]);
    expect(runInContext('tokenizer.decode(tokenizer.encode(text))', page)).toBe(own.decode(own.encode(text)));
  }
});
