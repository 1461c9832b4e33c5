/**
 * Are log-likelihoods here those of lm-evaluation-harness, of the same items under the same model, and what do they cost?
 * Three ways over one list of choices: beginnings shared, every text whole, and the harness on transformers in f32.
 *
 *   VUA_PYTHON=/path/to/python npm run scores -- MODEL ITEMS.jsonl [SHOTS [LIMIT [ADAPTER]]]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { exportCheckpoint } from '../../trainer/export/export.ts';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import type { AdapterChoice } from '../../trainer/gpu/choice.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { openModel } from '../../trainer/run/answering.ts';
import { continuation } from '../../trainer/tasks/task.ts';
import { LETTERS, readVmlu, type VmluItem } from '../../trainer/tasks/vmlu-items.ts';
import { choiceText, promptOf, shotsFor } from '../../trainer/tasks/vmlu-prompts.ts';
import { makeTemporaryFolder } from '../folder.ts';

export interface Choices {
  readonly context: string;
  /** They stand right behind the context. */
  readonly choices: readonly string[];
  /** The right one. */
  readonly label: number;
}

/** Of each item its letters, and its choices word for word: what `letter-ll` and `choice-ll` ask. */
export const choicesOf = (items: readonly VmluItem[], dev: readonly VmluItem[], shots: number): Choices[] =>
  items.flatMap((item) => {
    const shown = shotsFor(item, dev, shots);
    const label = LETTERS.indexOf(item.answer!);
    return [
      { context: promptOf('hf', item, shown), choices: item.choices.map((_, i) => ` ${LETTERS[i]}`), label },
      { context: promptOf('text', item, shown), choices: item.choices.map((one) => ` ${choiceText(one)}`), label },
    ];
  });

export interface Answers {
  readonly name: string;
  /** −log p of each choice. */
  readonly nats: readonly (readonly number[])[];
  /** Share of the items whose right choice is the likeliest. */
  readonly acc: number;
  /** CPU time of the process, once the model is open and compiled for. */
  readonly seconds: number;
  /** Positions computed. */
  readonly computed?: number;
}

/** @param share false: every text whole */
export async function askOurs(gpu: Gpu, dir: string, asked: readonly Choices[], share = true): Promise<Answers> {
  const model = await openModel(gpu, dir, { share });
  try {
    const items = asked.map(({ context, choices }) => choices.map((text) => continuation(model, context, text)));
    for await (const _ of model.likelihoods(items.slice(0, 1))) break;
    const [before, computed] = [process.cpuUsage(), model.computed];
    const nats: number[][] = [];
    for await (const found of model.likelihoods(items)) nats.push(found.map((one) => one.nats));
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    const name = share ? 'beginnings shared' : 'every text whole';
    return { name, nats, acc: accuracy(asked, nats), seconds, computed: model.computed - computed };
  } finally {
    model.release();
  }
}

/** The folder of transformers that `vua export` writes, asked by the harness. */
export async function askHarness(python: string, checkpoint: string, asked: readonly Choices[]): Promise<Answers> {
  const folder = makeTemporaryFolder();
  try {
    const how = { checkpoint, out: folder, format: 'hf', name: 'model', best: false, ggufType: 'f32' } as const;
    await exportCheckpoint(how, new AbortController().signal);
    const [items, answer] = [join(folder, 'items.jsonl'), join(folder, 'answer.json')];
    writeFileSync(items, asked.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const script = fileURLToPath(new URL('score-parity.py', import.meta.url));
    execFileSync(python, [script, folder, items, answer], { stdio: ['ignore', 'ignore', 'pipe'] });
    const { version, ...found } = JSON.parse(readFileSync(answer, 'utf8'));
    return { name: version, ...found };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function accuracy(asked: readonly Choices[], nats: readonly (readonly number[])[]): number {
  const right = asked.filter(({ label }, i) => nats[i].indexOf(Math.min(...nats[i])) === label);
  return right.length / asked.length;
}

/** Largest difference of a likelihood, in nats, and over the value. */
export function apart(a: Answers, b: Answers): { nats: number; share: number } {
  const pairs = a.nats.flatMap((list, i) => list.map((value, j) => [value, b.nats[i][j]]));
  return {
    nats: Math.max(...pairs.map(([x, y]) => Math.abs(x - y))),
    share: Math.max(...pairs.map(([x, y]) => Math.abs(x - y) / Math.max(1, x))),
  };
}

async function main([dir, path, shots = '5', limit = '20', adapter = 'auto']: string[]): Promise<void> {
  if (!path) throw new Error('npm run scores -- MODEL ITEMS.jsonl [SHOTS [LIMIT [ADAPTER]]]');
  const { items, dev } = readVmlu(path, Number(shots));
  const some = items.filter(({ answer }) => answer !== undefined).slice(0, Number(limit));
  const asked = choicesOf(some, dev, Number(shots)).toSorted((a, b) => (a.context < b.context ? -1 : 1));
  const gpu = await openGpu(adapter as AdapterChoice);
  const found = [await askOurs(gpu, dir, asked), await askOurs(gpu, dir, asked, false)];
  gpu.destroy();
  const { VUA_PYTHON: python } = process.env;
  if (python) found.push(await askHarness(python, dir, asked));
  else console.log('lm-evaluation-harness not asked: set VUA_PYTHON to a Python with lm_eval and transformers');
  for (const one of found) {
    const { nats, share } = apart(found[0], one);
    const cost = `${one.seconds.toFixed(1)} s of CPU, ${(asked.length / one.seconds).toFixed(2)} items/s, ${(one.seconds / found[0].seconds).toFixed(2)} × the first`;
    console.log(
      `${one.name}: ${asked.length} items, accuracy ${(100 * one.acc).toFixed(2)} %, ${cost}${one.computed ? `, ${one.computed} positions` : ''}; likelihoods differ by ${nats.toExponential(1)} nats, ${share.toExponential(1)} of the value`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href)
  await main(process.argv.slice(2));
