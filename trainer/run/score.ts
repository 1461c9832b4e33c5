/**
 * Scores of a model: tasks one after the other, each into a file of its own that goes on where a call was stopped.
 *
 *   tasks of the options → questions → answers of the model → OUT/TASK-SCORER-STEP-CARD.jsonl → table, JSON, chart
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Outcome, Work } from '../../crawlers/shell/work.ts';
import { openTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import { openGpu } from '../gpu/adapter.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { describe, type Gpu } from '../gpu/device.ts';
import { checkpointsIn } from '../record/checkpoint.ts';
import { isGguf } from '../record/gguf-weights.ts';
import { modelFolder } from '../record/models.ts';
import { openWeights } from '../record/weights.ts';
import { type Card, type CardFacts, cardOf } from '../tasks/card.ts';
import { type Measurement, measurementsIn, Results } from '../tasks/results.ts';
import type { Question, Result, Task } from '../tasks/task.ts';
import { type OpenModel, openModel } from './answering.ts';
import { seenIn } from './seen.ts';
import { type SuiteOptions, tasksOf } from './suites.ts';

export interface ScoreOptions extends SuiteOptions {
  /** A checkpoint, a folder that holds them, a whole run's, or one of transformers. */
  readonly dir: string;
  /** Folder of token shards: its held-out split makes questions, in its training split they are looked for. */
  readonly tokens?: string;
  readonly out?: string;
  /** Every checkpoint that is kept, oldest first, not the newest alone. */
  readonly all?: boolean;
  readonly adapter: AdapterChoice;
  /** False: what texts begin with alike is computed for each of them, for comparison. */
  readonly share?: boolean;
}

export interface ScoreReport {
  readonly out: string;
  /** Of this call. */
  readonly measured: readonly Measurement[];
  /** All whole ones in the folder. */
  readonly known: readonly Measurement[];
  /** What could not be asked, and why. */
  readonly left: readonly string[];
  /** What is remarkable in the answers of this call. */
  readonly notes: readonly string[];
}

/** @throws ToolkitError those of openModel, BAD_ITEMS, BAD_SHARD, BAD_OPTION */
export async function score(options: ScoreOptions, work: Work): Promise<Outcome<ScoreReport>> {
  const dirs = options.all ? checkpointsIn(modelFolder(options.dir)) : [options.dir];
  if (dirs.length === 0)
    throw badInput(
      'NO_CHECKPOINT',
      `${options.dir}: no checkpoints, expected step-N folders`,
      'leave out --all for a folder of transformers',
    );
  const out = options.out ?? scoresFolder(options.dir);
  const place = options.tokens ?? tokensBeside(options.dir);
  const folder = place === undefined ? undefined : await openTokens(place);
  const { tasks, left } = await tasksOf(options, folder);
  if (tasks.length === 0)
    throw badInput('BAD_OPTION', `nothing to ask: ${left.join('; ')}`, 'give --vmlu, --reading or --tokens');
  for (const one of dirs) openWeights(one); // refused before an adapter is opened
  const gpu = await openGpu(options.adapter);
  const measured: Measurement[] = [];
  const notes: string[] = [];
  const report = (): ScoreReport => ({ out, measured, known: measurementsIn(out), left, notes });
  try {
    const seen = await seenIn(tasks, folder, out, work);
    if (work.signal.aborted) return { outcome: 'interrupted', report: report() };
    for (const dir of dirs) {
      const model = await openModel(gpu, dir, { share: options.share, signal: work.signal });
      try {
        for (const task of tasks) {
          const measurement = await measure(task, model, cardFacts(model, gpu, folder), seen, out, work);
          if (work.signal.aborted) return { outcome: 'interrupted', report: report() };
          measured.push(measurement);
          for (const note of task.notes?.(measurement.results) ?? [])
            notes.push(`${task.name} ${task.scorer}: ${note}`);
        }
      } finally {
        model.release();
      }
    }
  } finally {
    gpu.destroy();
  }
  return { outcome: 'written', report: report() };
}

const cardFacts = ({ facts: model }: OpenModel, gpu: Gpu, folder?: TokenFolder): CardFacts => ({
  ...{ model, ...(folder && { train: folder.fingerprint }) },
  ...{ versions: { vua: packageVersion(), node: process.versions.node }, adapter: describe(gpu.facts) },
});

async function measure<Q extends Question>(
  task: Task<Q>,
  model: OpenModel,
  facts: CardFacts,
  seen: ReadonlySet<string> | undefined,
  out: string,
  { report }: Work,
): Promise<Measurement> {
  const card: Card = cardOf(task, facts);
  const file = new Results(out, card);
  const results: Result[] = [...file.known];
  const questions = task.questions.slice(results.length);
  const progress = report.stage(`${task.name} ${task.scorer}`, 'questions', task.questions.length, results.length);
  for await (const result of task.answer(questions, model)) {
    const told = seen?.has(`${task.name} ${result.id}`) ? { ...result, seen: true } : result;
    results.push(told);
    file.add(told);
    progress.update(results.length);
  }
  file.flush();
  progress.finish();
  return { card, results };
}

/** Beside the checkpoints of one run all scores stand together. */
function scoresFolder(dir: string): string {
  const whole = resolve(dir);
  if (isGguf(whole)) return `${whole.slice(0, -'.gguf'.length)}-scores`;
  return join(/^step-\d+$/.test(basename(whole)) ? dirname(whole) : dir, 'scores');
}

/** The tokens of a whole run, given its folder or one within it. */
function tokensBeside(dir: string): string | undefined {
  let at = isGguf(dir) ? dirname(resolve(dir)) : resolve(dir);
  for (let up = 0; up < 4; up++, at = dirname(at)) {
    const tokens = join(at, 'tokens');
    if (statSync(tokens, { throwIfNoEntry: false })?.isDirectory() && existsSync(join(tokens, 'manifest.json')))
      return tokens;
  }
  return undefined;
}
