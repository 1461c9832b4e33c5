/** The ids that other engines give with a tokenizer of ours: each where it is installed, else why there are none. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { Tokenizer } from '../../../tokenizer/load.ts';
import { ggufHeader } from '../../../trainer/export/gguf.ts';
import { llamaRuleOf, tokenizerMetadata } from '../../../trainer/export/gguf-tokenizer.ts';
import { specialIdsOf } from '../../../trainer/export/huggingface.ts';
import { oddText } from '../../tokenizer/support.ts';

const PEERS = fileURLToPath(new URL('peers.py', import.meta.url));
/**
 * Scripts of Unicode 16, which not all engines know: Todhri, Garay, Tulu-Tigalari, Sunuwar, more Egyptian hieroglyphs,
 * Gurung Khema, Kirat Rai.
 */
const NEWEST =
  /[\u{105c0}-\u{105ff}\u{10d40}-\u{10d8f}\u{11380}-\u{113ff}\u{11bc0}-\u{11bff}\u{13460}-\u{143ff}\u{16100}-\u{1613f}\u{16d40}-\u{16d7f}]/u;

export const ENGINES = ['@huggingface/tokenizers', 'tokenizers', 'transformers', 'gigatoken', 'llama.cpp'] as const;
export type Engine = (typeof ENGINES)[number];

export interface Places {
  readonly python?: string;
  /** Folder whose node_modules has node-llama-cpp. */
  readonly nodeLlamaCpp?: string;
}

/** Ids of each text without special tokens, or why there are none. */
export type Answer = readonly ArrayLike<number>[] | string;

/** @param dir Folder with tokenizer.json and tokenizer_config.json, to which the files of peers go. */
export async function idsIn(engine: Engine, dir: string, texts: readonly string[], places: Places): Promise<Answer> {
  if (engine === 'llama.cpp') return idsInLlamaCpp(dir, texts, places.nodeLlamaCpp);
  if (engine !== '@huggingface/tokenizers') return idsInPython(engine, dir, texts, places.python);
  const { Tokenizer: Script } = createRequire(import.meta.url)(engine) as typeof import('@huggingface/tokenizers');
  const [tokenizer, config] = ['tokenizer.json', 'tokenizer_config.json'].map((name) =>
    JSON.parse(readFileSync(join(dir, name), 'utf8')),
  );
  const script = new Script(tokenizer, config);
  return texts.map((text) => script.encode(text, { add_special_tokens: false }).ids);
}

function idsInPython(engine: string, dir: string, texts: readonly string[], python = 'python3'): Answer {
  const [lines, out] = [join(dir, 'texts.json'), join(dir, 'ids.bin')];
  writeFileSync(lines, JSON.stringify(texts));
  try {
    execFileSync(python, [PEERS, `ids-${engine}`, lines, dir, out], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return stderr?.toString().trim() || `${python}: not found`;
  }
  const all = new Int32Array(new Uint8Array(readFileSync(out)).buffer);
  let at = 0;
  return texts.map(() => {
    const end = at + 1 + all[at];
    const ids = all.subarray(at + 1, end);
    at = end;
    return ids;
  });
}

async function idsInLlamaCpp(dir: string, texts: readonly string[], folder: string | undefined): Promise<Answer> {
  if (folder === undefined) return 'no folder with node-llama-cpp';
  const path = join(dir, 'vocabulary.gguf');
  writeFileSync(path, await vocabularyFile(dir));
  const { resolve: found } = createRequire(pathToFileURL(join(resolve(folder), 'x.js')));
  const { getLlama } = (await import(pathToFileURL(found('node-llama-cpp')).href)) as typeof LlamaCpp;
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'disabled' });
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
  try {
    return texts.map((text) => model.tokenize(text, false, 'trimLeadingSpace'));
  } finally {
    await model.dispose();
  }
}

/** What is used of node-llama-cpp, which is no dependency. */
declare const LlamaCpp: {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      tokenize(text: string, special: boolean, options: 'trimLeadingSpace'): number[];
      dispose(): Promise<void>;
    }>;
  }>;
};

/** A GGUF file with a vocabulary and no tensors, as llama.cpp reads it for tokens alone. */
async function vocabularyFile(dir: string): Promise<Uint8Array> {
  const tokenizer = await Tokenizer.load(dir);
  const numbers = {
    ...{ vocab_size: tokenizer.vocabSize, context_length: 512, embedding_length: 64, block_count: 1 },
    ...{ feed_forward_length: 64, 'attention.head_count': 2, 'attention.head_count_kv': 2, 'rope.dimension_count': 32 },
  };
  return ggufHeader(
    {
      'general.architecture': { string: 'llama' },
      ...Object.fromEntries(Object.entries(numbers).map(([key, u32]) => [`llama.${key}`, { u32 }])),
      'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
      ...tokenizerMetadata(
        JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8')),
        specialIdsOf(tokenizer),
        llamaRuleOf(tokenizer.split),
        tokenizer.vocabSize,
      ),
    },
    [],
  );
}

/** Texts in NFC of odd pieces, endings and words of real ones. */
export function fuzzedTexts(real: readonly string[], count: number, seed: number): string[] {
  const words = real.flatMap((line) => line.split(/(?= )/)).filter((_, i) => i % 97 === 0);
  const pieces = ["'s", "'LL", "'ve ", '12345', ' 1234567 ', '.\n\n', 'a.b', '(x', '  ', '\r\n', '\t'];
  const mixed = fc
    .array(fc.oneof(oddText(12), fc.constantFrom(...words), fc.constantFrom(...pieces)), { maxLength: 16 })
    .map((parts) => parts.join('').normalize('NFC'));
  return fc
    .sample(mixed, { numRuns: 2 * count, seed })
    .filter((text) => text !== '' && !NEWEST.test(text))
    .slice(0, count);
}
