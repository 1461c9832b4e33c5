/**
 * A training run in a page: the loop of `run/loop.ts` with tokens behind HTTP, told as events of the page. Runs in the
 * page's training worker (`train-worker.ts`); knows no document.
 */
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { formatCount, formatSeconds } from '../../crawlers/shell/reporter.ts';
import { fetchTokenizer, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { Gpu } from '../gpu/device.ts';
import { type Loader, type LoaderPlan, openLoader } from '../loader/loader.ts';
import { startPageLoader } from '../loader/loader-page.ts';
import { openRing } from '../loader/ring.ts';
import { openFolders } from '../loader/token-folders.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import { type OpenRun, openRun, trainingLoop } from '../run/loop.ts';
import { recipeOf } from '../run/recipe.ts';
import type { TrainStep } from '../run/train.ts';
import type { Comparison } from '../score/bits-per-byte.ts';
import { heldOutOf } from '../score/held-out.ts';
import { filesOf, type Trained } from './files.ts';
import type { RunEvent, RunOptions } from './messages.ts';

export interface Control {
  /** Ends the run behind the step in hand. */
  readonly signal: AbortSignal;
  /** Resolves when the run may go on: asked behind every step whose weights the GPU holds. */
  mayGoOn(): Promise<void>;
  /** What is being done before the first step and behind the last. */
  doing(what: string): void;
}

/** After these the weights are worth nothing. */
const LOST = ['NAN_LOSS', 'DEVICE_LOST', 'DEVICE_ERROR'];
const SAMPLING = { topK: 40, seed: 1 };
const DOING = {
  unigram: 'reading the training tokens once for the unigram line',
  untrained: 'evaluating the untrained model',
};

/** @throws ToolkitError as `runTraining` */
export async function* trainInPage(gpu: Gpu, options: RunOptions, control: Control): AsyncGenerator<RunEvent> {
  const { doing } = control;
  doing('opening tokens');
  if (options.tokens.length === 0) throw badInput('BAD_OPTION', 'no token folder is chosen, expected at least one');
  const folders = await openFolders(options.tokens);
  const files = await fetchTokenizer(folders[0]);
  const tokenizer = Tokenizer.parse(
    files['tokenizer.json'],
    `${folders[0].where}/tokenizer.json`,
    files['tokenizer_config.json'],
  );
  const recipe = recipeOf(options, folders[0].manifest.vocabSize, gpu.facts);
  const { sampleTokens: count, temperature, prompt } = options;
  doing('compiling kernels');
  const run = await openRun(gpu, {
    ...{ folders, heldOut: await heldOutOf(folders), recipe, startLoader },
    options: { ...options, checkpointEvery: options.steps },
    sampling: prompt === '' ? undefined : { ...SAMPLING, count, temperature, tokenizer, prompts: [prompt] },
  });
  try {
    run.trainer.arena.initialise(recipe.config, options.seed);
    yield* told(run, options, files, control);
  } finally {
    await run.release();
  }
}

/** The loop's events in the page's words; behind them the files, also of a run that was stopped or whose text is at fault. */
async function* told(
  run: OpenRun,
  options: RunOptions,
  tokenizer: Trained['tokenizer'],
  { signal, mayGoOn, doing }: Control,
): AsyncGenerator<RunEvent> {
  const { facts } = run.trainer.gpu;
  const adapter = `${facts.name} (${facts.kind}, in a page)`;
  const onTokens = (done: number, all: number): void =>
    doing(`reading ${formatCount(all)} held-out tokens: ${Math.floor((100 * done) / all)} % (Stop skips it)`);
  const points: CurvePoint[] = [];
  let head: CurveHead | undefined;
  let last: TrainStep | undefined;
  let figures: Comparison | undefined;
  let fault: unknown;
  try {
    for await (const event of trainingLoop(run, { adapter, signal, onTokens })) {
      switch (event.event) {
        case 'doing':
          doing(DOING[event.what]);
          break;
        case 'head':
          head = event.head;
          yield {
            event: 'head',
            head,
            loader: hasSharedMemory() ? 'in a worker of its own' : 'beside the trainer: this page has no shared memory',
          };
          break;
        case 'step':
          last = event.step;
          points.push(event.point);
          yield { event: 'step', point: event.point };
          break;
        case 'samples':
          yield { event: 'sample', step: event.step, ...event.samples[0] };
          break;
        case 'settled':
          if (!signal.aborted) await mayGoOn();
          break;
        case 'evaluating': {
          const { tokens, seconds } = event.closing;
          doing(`reading ${formatCount(tokens)} held-out tokens${seconds ? `, about ${formatSeconds(seconds)}` : ''}`);
          break;
        }
        case 'evaluated':
          figures = event.figures;
      }
    }
  } catch (error) {
    if (error instanceof ToolkitError && LOST.includes(error.code)) throw error;
    fault = error; // the text is at fault: what was learnt before it is kept
  }
  if (!last) throw fault;
  doing('gathering the files');
  const { trainer, recipe } = run;
  const { depth, steps, seed } = options;
  const { step, loader, heldOut } = last;
  const state = {
    ...{ step, config: recipe.config, loader, optimizer: await trainer.readState() },
    options: { depth, batch: recipe.accumulate * trainer.rows, steps, seed },
    ...{ adapter, heldOutBitsPerByte: heldOut?.bitsPerByte, heldOutText: heldOut?.text.id },
  };
  const evaluation = figures && { step, ...figures };
  const files = await filesOf({ arena: trainer.arena, state, head: head!, points, evaluation, tokenizer });
  yield { event: 'finished', step, stopped: step < steps, figures, files };
  if (fault) throw fault;
}

/** In a worker of its own where memory may be shared and waited for; else in this one, with the same batches. */
function startLoader(folders: readonly TokenFolder[], plan: LoaderPlan): Loader {
  if (!hasSharedMemory()) {
    return openLoader(
      folders.map((folder) => folder.source('train')),
      plan,
    );
  }
  const newWorker = () => new Worker(new URL('./loader-worker.js', import.meta.url), { type: 'module' });
  return openRing(folders, plan, (job) => startPageLoader(newWorker())(job));
}

const hasSharedMemory = (): boolean => crossOriginIsolated && 'waitAsync' in Atomics;
