/**
 * Does an exported model give elsewhere what it gives here? Logits and tokens against transformers (Python) and
 * llama.cpp (npm node-llama-cpp), each where it is installed; what is not installed is said, never passed over.
 *
 *   npx tsx tests/golden/export-parity.ts --checkpoint vua-out/model --texts lines.txt \
 *     --python /path/to/python --node-llama-cpp /folder/with/node_modules
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../shards/checksum.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { exportCheckpoint } from '../../trainer/export/export.ts';
import type { GgufType } from '../../trainer/export/formats.ts';
import { Sampler } from '../../trainer/generate/sample.ts';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { Arena } from '../../trainer/model/arena.ts';
import { loadCheckpoint, openCheckpoint } from '../../trainer/record/checkpoint.ts';
import { makeTemporaryFolder } from '../folder.ts';

export interface Parity {
  readonly peer: string;
  /** Largest difference of a logit over the largest logit. */
  readonly logits: number;
  readonly prompts: number;
  readonly texts: number;
  /** Texts whose ids are all equal. */
  readonly equalTexts: number;
  readonly tokens: number;
  /** Tokens here that are not among the peer's for the same text. */
  readonly otherTokens: number;
}

/** A peer's answers, or why there are none. */
type Answer = { readonly name: string; readonly logits: number[][]; readonly tokens: number[][] } | string;

export interface ParityOptions {
  readonly checkpoint: string;
  readonly texts: readonly string[];
  readonly ggufType: GgufType;
  readonly python?: string;
  /** Folder whose node_modules has node-llama-cpp. */
  readonly nodeLlamaCpp?: string;
}

/** Exports to a folder of its own, asks both peers, compares. Strings say what is not installed. */
export async function exportParity(gpu: Gpu, options: ParityOptions): Promise<(Parity | string)[]> {
  const { checkpoint, texts, ggufType } = options;
  const folder = makeTemporaryFolder();
  try {
    const exported = { checkpoint, out: folder, format: 'both', name: 'model', best: false } as const;
    await exportCheckpoint({ ...exported, ggufType }, new AbortController().signal);
    const { dir, state } = openCheckpoint(checkpoint, { need: 'parameters' });
    const tokenizer = await Tokenizer.load(dir);
    const random = seededRandom(5);
    const { context, vocabSize } = state.config;
    const prompts = [1, 2, 3, 7, Math.floor(context / 2), context].map((length) =>
      Array.from({ length }, (_, i) => (i === 0 ? tokenizer.bosId : Math.floor(random() * vocabSize))),
    );
    const arena = new Arena(gpu, state.config, { parts: ['params'] });
    loadCheckpoint({ dir }, arena);
    const sampler = await Sampler.create(gpu, state.config, arena);
    const logits: number[][] = [];
    for (const ids of prompts) logits.push(Array.from(await sampler.source.logits(ids)));
    sampler.release();
    arena.release();
    const tokens = texts.map((text) => [tokenizer.bosId, ...tokenizer.encode(text)]);
    const answers = [
      askTransformers(folder, prompts, texts, options.python),
      await askLlamaCpp(folder, prompts, texts, options.nodeLlamaCpp),
    ];
    return answers.map((answer) => (typeof answer === 'string' ? answer : compare(answer, logits, tokens)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compare({ name, ...theirs }: Exclude<Answer, string>, logits: number[][], tokens: number[][]): Parity {
  let worst = 0;
  for (const [i, ours] of logits.entries()) {
    const scale = Math.max(...ours.map(Math.abs));
    for (const [v, value] of ours.entries()) worst = Math.max(worst, Math.abs(value - theirs.logits[i][v]) / scale);
  }
  return {
    peer: name,
    logits: worst,
    prompts: logits.length,
    texts: tokens.length,
    equalTexts: tokens.filter((ids, i) => ids.join() === theirs.tokens[i].join()).length,
    tokens: tokens.reduce((sum, ids) => sum + ids.length, 0),
    otherTokens: tokens.reduce((sum, ids, i) => sum + missing(ids, theirs.tokens[i]), 0),
  };
}

function missing(ours: readonly number[], theirs: readonly number[]): number {
  const left = new Map<number, number>();
  for (const id of theirs) left.set(id, (left.get(id) ?? 0) + 1);
  return ours.filter((id) => {
    const count = left.get(id) ?? 0;
    left.set(id, count - 1);
    return count <= 0;
  }).length;
}

function askTransformers(folder: string, ids: number[][], texts: readonly string[], python = 'python3'): Answer {
  try {
    execFileSync(python, ['-c', 'import torch, transformers'], { stdio: 'ignore' });
  } catch {
    return `transformers: not installed for ${python} (pip install torch transformers)`;
  }
  const [source, target] = [join(folder, 'asked.json'), join(folder, 'answer.json')];
  writeFileSync(source, JSON.stringify({ ids, texts }));
  const script = fileURLToPath(new URL('export-reference.py', import.meta.url));
  execFileSync(python, [script, folder, source, target], { stdio: ['ignore', 'ignore', 'pipe'] });
  const answer = JSON.parse(readFileSync(target, 'utf8')) as { transformers: string } & Exclude<Answer, string>;
  return { ...answer, name: `transformers ${answer.transformers}` };
}

/** What this needs of node-llama-cpp. */
interface LlamaCpp {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      tokenize(text: string): number[];
      createContext(options: object): Promise<{
        getSequence(): {
          controlledEvaluate(input: unknown[], options?: object): Promise<unknown[]>;
          clearHistory(): Promise<void>;
        };
      }>;
      dispose(): Promise<void>;
    }>;
    dispose(): Promise<void>;
  }>;
}

async function askLlamaCpp(folder: string, ids: number[][], texts: readonly string[], from = '.'): Promise<Answer> {
  const require = createRequire(pathToFileURL(join(resolve(from), 'x.js')));
  let entry: string;
  try {
    entry = require.resolve('node-llama-cpp');
  } catch {
    return `llama.cpp: node-llama-cpp is not installed in ${resolve(from)} (npm install node-llama-cpp, outside this project)`;
  }
  const { getLlama } = (await import(pathToFileURL(entry).href)) as LlamaCpp;
  const { version } = JSON.parse(readFileSync(join(entry, '../../package.json'), 'utf8')) as { version: string };
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
  const file = readdirSync(folder).find((name) => name.endsWith('.gguf'))!;
  const model = await llama.loadModel({ modelPath: join(folder, file) });
  const tokens = texts.map((text) => [ids[0][0], ...model.tokenize(text)]);
  const contextSize = Math.max(...ids.map(({ length }) => length)) + 8;
  // Its cache is f16 unless told otherwise.
  const cache = { experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32', flashAttention: false };
  const context = await model.createContext({ contextSize, threads: 1, ...cache });
  const sequence = context.getSequence();
  const logits: number[][] = [];
  for (const prompt of ids) {
    await sequence.clearHistory();
    const last = prompt.length - 1;
    const input = prompt.map((id, i) => (i === last ? [id, { generateNext: { logits: true } }] : id));
    const outputs = (await sequence.controlledEvaluate(input)) as (
      | { next: { logits: Map<number, number> } }
      | undefined
    )[];
    const found = outputs[last]!.next.logits;
    logits.push(Array.from({ length: found.size }, (_, id) => found.get(id)!));
  }
  await model.dispose();
  await llama.dispose();
  return { name: `llama.cpp (node-llama-cpp ${version})`, logits, tokens };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      checkpoint: { type: 'string' },
      texts: { type: 'string' },
      python: { type: 'string' },
      'node-llama-cpp': { type: 'string' },
      'gguf-type': { type: 'string', default: 'f32' },
    },
  });
  if (!values.checkpoint || (values.texts && !existsSync(values.texts))) {
    throw new Error('give --checkpoint DIR, and --texts FILE of one text a line or a JSON array of texts');
  }
  const content = values.texts ? readFileSync(values.texts, 'utf8') : '["Xin chào Việt Nam."]';
  const texts = content.startsWith('[') ? (JSON.parse(content) as string[]) : content.split('\n').filter(Boolean);
  const gpu = await openGpu();
  const results = await exportParity(gpu, {
    checkpoint: values.checkpoint,
    texts,
    ggufType: values['gguf-type'] as GgufType,
    python: values.python,
    nodeLlamaCpp: values['node-llama-cpp'],
  });
  for (const result of results) {
    if (typeof result === 'string') console.log(result);
    else
      console.log(
        `${result.peer}: logits within ${result.logits.toExponential(1)} of the largest on ${result.prompts} prompts; ` +
          `tokens equal on ${result.equalTexts} of ${result.texts} texts, ${result.otherTokens} of ${result.tokens} tokens differ`,
      );
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main();
  process.exit(0);
}
