/**
 * A run that others help with: `vua train --join PLACE --out OUT` directs it and trains too, `vua train --join PLACE` on
 * other machines helps. For the rest of the program it is a run whose steps come a round at a time: curve, evaluations,
 * checkpoints and resuming are those of `run.ts`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { appendToFile, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Reporter } from '../../crawlers/shell/reporter.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import type { LoaderState } from '../batch.ts';
import { Director, type DirectorState, FIRST_STATE, type Round } from '../elastic/director.ts';
import { checkFacts, type ElasticSettings, NAMES, type RunFacts, runFacts } from '../elastic/log.ts';
import { readAll, writeAll } from '../elastic/outer.ts';
import { getJson, putJson, type Transport } from '../elastic/transport.ts';
import { Worker } from '../elastic/worker.ts';
import { type LoaderPlan, openLoader, type SeekableLoader } from '../loader/loader.ts';
import { Trainer } from '../model/trainer.ts';
import type { Checkpoint } from '../record/checkpoint.ts';
import { TensorFile, type TensorSource } from '../record/tensor-file.ts';
import { evaluate } from '../score/bits-per-byte.ts';
import type { Identity } from './history.ts';
import type { OpenRun, Together } from './loop.ts';
import { elasticOf, PATIENCE, patienceOf, type TrainingOptions } from './options.ts';
import type { Recipe } from './recipe.ts';
import { MAX_SKIPS } from './recipe-options.ts';
import { learningRate } from './schedule.ts';
import type { TrainOptions, TrainStep } from './train.ts';

/** Beside a checkpoint's other tensors: what the outer step and the own worker carry from round to round. */
export const OUTER_FILE = 'outer.safetensors';
const OUTER_TENSORS = ['momentum', 'left', 'own'] as const;

/** Micro-batches of a step, at least: as many workers can share it. */
const SHARES = 8;

/** Rows of a micro-batch, small enough that a step can be shared; none where those that fit are. */
export function sharedRows({ trainer, accumulate }: Recipe): number | undefined {
  const batch = trainer.rows * accumulate;
  return accumulate >= SHARES ? undefined : Math.max(1, Math.floor(batch / SHARES));
}

/** What a checkpoint keeps of it. */
interface Kept {
  readonly id: string;
  readonly state: DirectorState;
}

export interface TogetherParts {
  readonly transport: Transport;
  readonly options: TrainingOptions;
  readonly identity: Identity;
  readonly previous?: Checkpoint;
  readonly report: Reporter;
}

/** Loaders of rows in any order, in this thread: of the director's own workers. */
export const seekable = (folders: readonly TokenFolder[], plan: LoaderPlan): SeekableLoader =>
  openLoader(
    folders.map((folder) => folder.source('train')),
    plan,
  );

/** Options that follow the step of one machine. */
const ALONE = { ema: 0, momentumWarmup: 0, momentumCooldown: 0, decaySchedule: 'constant' } as const;

/**
 * The steps of a run that is trained together.
 * @throws ToolkitError OTHER_RUN (exit 2) when the place is another run's, BAD_OPTION
 */
export function together(run: OpenRun, parts: TogetherParts): Together {
  const { trainer, recipe } = run;
  const { transport, options, previous, report } = parts;
  const settings = elasticOf(options);
  const moving = Object.entries(ALONE).find(
    ([name, plain]) => (options[name as keyof typeof ALONE] ?? plain) !== plain,
  );
  if (moving) throw badInput('BAD_OPTION', `--join: ${moving[0]} is of a run on one machine`, 'leave it out');
  const known = previous?.state.extra?.elastic as Kept | undefined;
  const id = known?.id ?? checksumOf(new TextEncoder().encode(JSON.stringify([parts.identity, resolve(options.out)])));
  const batch = trainer.rows * recipe.accumulate;
  let settled = known?.state ?? FIRST_STATE;
  let isSettled = true;
  let kept = settled.round;
  let outer: Record<(typeof OUTER_TENSORS)[number], Float32Array<ArrayBuffer>> | undefined;
  const loader = run.loader as SeekableLoader;
  const workerOf = (name: string, own: Trainer, from: SeekableLoader, session?: string): Worker =>
    new Worker(
      {
        ...{ name, transport, settings, trainer: own, loader: from, maxSkips: options.maxSkips ?? MAX_SKIPS },
        rateAt: (step) => learningRate(recipe.schedule, step),
        beatSeconds: beatSeconds(options),
      },
      session,
    );

  async function* steps(_trainer: Trainer, control: TrainOptions): AsyncGenerator<TrainStep> {
    const { signal } = control;
    await meet(transport, runOf(id, run, options, settings, parts.identity), known !== undefined);
    const weights = await readAll(trainer.arena, 'params');
    const zeros = (): Float32Array<ArrayBuffer> => new Float32Array(weights.length);
    outer = known ? readOuter(previous!.dir) : { momentum: zeros(), left: zeros(), own: zeros() };
    const director = new Director({
      ...{ transport, settings, patience: patienceOf(options), rows: trainer.rows, batch, weights },
      ...{ allRows: control.schedule.steps * batch, state: settled, momentum: outer.momentum, left: outer.left },
      note: (text) => report.note(text),
    });
    await director.begin();
    const count = options.workers ?? 1;
    const own = count > 0 ? workerOf('0', trainer, loader, `${id}-0`) : undefined;
    own?.begin(settled.round, weights);
    if (own) own.left = outer.own;
    await own?.join();
    const helpers = await startHelpers(Math.max(0, count - 1), run, workerOf, report);
    const record = recorder(options.out, settled.round);
    try {
      let opening = director.open(signal);
      for (let before = stepOf(settled.rowsDone); !director.isDone; ) {
        const began = performance.now();
        const plan = await opening;
        if (!plan) return;
        isSettled = false;
        await own?.train(plan, signal);
        const round = await director.close(plan, signal);
        if (!round) return;
        if (own) await own.follow(plan.round);
        else writeAll(trainer.arena, 'params', director.weights);
        settled = director.state;
        if (own) outer.own = own.left;
        isSettled = true;
        const seconds = (performance.now() - began) / 1000;
        const step = stepOf(settled.rowsDone);
        record(round, step);
        if (!director.isDone) opening = director.open(signal);
        opening.catch(() => {}); // heard when its turn comes
        if (step > before) yield await told(round, { step, before, seconds }, control);
        before = step;
        if (kept > 1) await director.forget(kept);
      }
      await director.end();
    } finally {
      await helpers.stop();
      await own?.leave();
    }
  }

  const stepOf = (rows: number): number => Math.floor(rows / batch);
  const loaderState = (): LoaderState => run.loader.sequence.state(settled.pool.next);

  async function told(
    { plan, parts: done }: Round,
    { step, before, seconds }: { step: number; before: number; seconds: number },
    { schedule, evaluateEvery, checkpointEvery, heldOut, maskDocuments, signal }: TrainOptions,
  ): Promise<TrainStep> {
    const isLast = step === schedule.steps;
    const crosses = (every: number): boolean => Math.floor(step / every) > Math.floor(before / every);
    const rows = done.reduce((sum, one) => sum + one.rows, 0);
    const mean = (of: 'loss' | 'gradNorm'): number => done.reduce((sum, one) => sum + one[of] * one.rows, 0) / rows;
    const asked = performance.now();
    const evaluation =
      isLast || crosses(evaluateEvery) ? await evaluate(trainer, heldOut, { maskDocuments, signal }) : undefined;
    return {
      ...{ step, learningRate: learningRate(schedule, plan.begin + plan.advance), dataWaitMs: 0 },
      ...{ loss: mean('loss'), gradNorm: mean('gradNorm'), skipped: 0, lossScale: 1 },
      ...{ tokensPerSecond: (rows * trainer.config.context) / seconds, loader: loaderState() },
      ...{ settled: true, checkpointDue: isLast || crosses(checkpointEvery) },
      ...(evaluation && { heldOut: evaluation, heldOutSeconds: (performance.now() - asked) / 1000 }),
    };
  }

  return {
    steps,
    isSettled: () => isSettled,
    keep() {
      kept = settled.round;
      const tensors = OUTER_TENSORS.map((name): [string, TensorSource] => {
        const values = outer![name];
        return [name, { dtype: 'F32', shape: [values.length], read: () => values }];
      });
      const elastic: Kept = { id, state: settled };
      return { extra: { elastic }, tensors: new Map(tensors) };
    },
  };
}

export const beatSeconds = ({ workerTimeout = PATIENCE.workerTimeout }: TrainingOptions): number =>
  Math.max(0.05, workerTimeout / 10);

/** Options that say where and how, and not what is trained. */
const OF_THIS_MACHINE = ['out', 'start', 'gpu', 'adapter', 'join', 'workers', 'retries', 'keep', 'memoryGb', 'rewind'];

function runOf(
  id: string,
  { trainer, recipe }: OpenRun,
  options: TrainingOptions,
  settings: ElasticSettings,
  identity: Identity,
): RunFacts {
  const { config, storage, rows } = trainer;
  const said = Object.entries({ ...options, batch: rows * recipe.accumulate, microBatch: rows });
  const shared = Object.fromEntries(said.filter(([name]) => !OF_THIS_MACHINE.includes(name)));
  return runFacts({ id, config, storage, rows, settings, identity, options: shared });
}

/** Says in the place what is trained. */
async function meet(transport: Transport, facts: RunFacts, goesOn: boolean): Promise<void> {
  const there = checkFacts(await getJson<RunFacts>(transport, NAMES.run), transport.where);
  if (there && there.id !== facts.id) {
    throw badInput(
      'OTHER_RUN',
      `--join ${transport.where}: is where another run meets${goesOn ? '' : ', or an earlier one of this folder'}`,
      goesOn
        ? 'give the place of the run in --out'
        : 'continue that run with --resume and its --out, or name a new place',
    );
  }
  await putJson(transport, NAMES.run, facts);
}

function readOuter(dir: string): Record<(typeof OUTER_TENSORS)[number], Float32Array<ArrayBuffer>> {
  const file = new TensorFile(join(dir, OUTER_FILE));
  try {
    const [momentum, left, own] = OUTER_TENSORS.map((name) => file.read(name));
    return { momentum, left, own };
  } finally {
    file.close();
  }
}

/** Further workers of this process, which share its device. */
async function startHelpers(
  count: number,
  { trainer, recipe, folders, plan }: OpenRun,
  workerOf: (name: string, trainer: Trainer, loader: SeekableLoader) => Worker,
  report: Reporter,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  const running: Promise<unknown>[] = [];
  for (let i = 1; i <= count; i++) {
    const own = await Trainer.create(trainer.gpu, recipe.config, recipe.trainer);
    const worker = workerOf(String(i), own, seekable(folders, plan));
    const over = worker.work(stopping.signal).catch((error) => report.note(`worker ${i}: ${reasonOf(error)}`));
    running.push(over.finally(() => own.release()));
  }
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** Rounds of a run, a line each, beside its curve; those of before a restart stay. */
function recorder(out: string, from: number): (round: Round, step: number) => void {
  const path = join(out, 'rounds.jsonl');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const before = lines.filter((line) => JSON.parse(line).round < from);
  if (before.length < lines.length) writeFileAtomic(path, before.map((line) => `${line}\n`).join(''));
  return ({ plan, parts, bytes }, step) => {
    const workers = parts.map(({ worker, rows, steps, seconds, loss, norm }) => ({
      worker,
      rows,
      steps,
      seconds,
      loss,
      norm,
    }));
    appendToFile(path, `${JSON.stringify({ round: plan.round, step, ...bytes, workers })}\n`);
  };
}
