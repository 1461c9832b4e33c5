/**
 * A training run in a page: the same trainer, loader and evaluation as `run.ts`, with tokens behind HTTP and the figures
 * as events. Runs in the page's training worker (`train-worker.ts`); knows no document.
 */
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { fetchTokenizer, openTokens } from '../../shards/tokens/open.ts';
import { bytesPerToken, joinSources, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { Sampler, samplePrompts } from '../generate/sample.ts';
import type { Gpu } from '../gpu/device.ts';
import { type Loader, type LoaderPlan, openLoader } from '../loader/loader.ts';
import { startPageLoader } from '../loader/loader-page.ts';
import { openRing } from '../loader/ring.ts';
import { RowSequence } from '../loader/row-sequence.ts';
import { parameterCount } from '../model/config.ts';
import { Trainer } from '../model/trainer.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import { recipeOf } from '../run/recipe.ts';
import { type TrainStep, train } from '../run/train.ts';
import {
  compareSources,
  evaluate,
  evaluateUnigram,
  type HeldOut,
  heldOutOf,
  heldOutSubset,
  tokensOf,
} from '../score/bits-per-byte.ts';
import { filesOf } from './files.ts';
import type { RunEvent, RunOptions } from './messages.ts';

export interface Control {
  /** Ends the run behind the step in hand. */
  readonly signal: AbortSignal;
  /** Resolves when the run may go on: asked behind every step whose weights the GPU holds. */
  mayGoOn(): Promise<void>;
  /** What is being done before the first step and behind the last. */
  doing(what: string): void;
}

const READ_EVERY = 16;
/** After these the weights are worth nothing. */
const LOST = ['NAN_LOSS', 'DEVICE_LOST', 'DEVICE_ERROR'];
const SAMPLING = { topK: 40, seed: 1 };

/** @throws ToolkitError as `runTraining` */
export async function* trainInPage(gpu: Gpu, options: RunOptions, control: Control): AsyncGenerator<RunEvent> {
  const { signal } = control;
  control.doing('opening tokens');
  const folders = await openFolders(options.tokens);
  const tokenizerFiles = await fetchTokenizer(folders[0]);
  const tokenizer = Tokenizer.parse(tokenizerFiles['tokenizer.json'], `${folders[0].where}/tokenizer.json`);
  const recipe = recipeOf(options, folders[0].manifest.vocabSize, gpu.facts);
  const { config, accumulate, schedule } = recipe;
  const heldOut = heldOutOf(folders);
  const sources = folders.map((folder) => folder.source('train'));
  const plan: LoaderPlan = {
    rows: recipe.trainer.rows,
    length: config.context,
    seed: options.seed,
    paddedVocab: config.paddedVocab,
    layout: options.layout,
    maskDocuments: false,
  };
  new RowSequence(sources, plan); // refuses what cannot be trained on before anything is allocated
  control.doing('reading the training tokens once for the unigram line');
  const unigram = await evaluateUnigram(joinSources(sources), heldOut);
  const subset = await heldOutSubset(heldOut, options.evaluateTokens);

  control.doing('compiling kernels');
  const trainer = await Trainer.create(gpu, config, recipe.trainer);
  const releases: (() => unknown)[] = [() => trainer.release()];
  try {
    trainer.arena.initialise(config, options.seed);
    const sampler = options.prompt === '' ? undefined : await Sampler.create(gpu, config, trainer.arena);
    if (sampler) releases.unshift(() => sampler.release());
    const { loader, where } = startLoader(folders, plan);
    releases.unshift(() => loader.close());

    control.doing('evaluating the untrained model');
    const head: CurveHead = {
      unigramBitsPerByte: unigram.bitsPerByte,
      untrainedBitsPerByte: (await evaluate(trainer, subset, { signal }))?.bitsPerByte ?? Number.NaN,
      adapter: `${gpu.facts.name} (${gpu.facts.kind}, in a page)`,
      parameters: parameterCount(config),
      tokensPerStep: accumulate * plan.rows * config.context,
      trainBytesPerToken: bytesPerToken(folders),
    };
    yield { event: 'head', head, loader: where };

    const points: CurvePoint[] = [];
    let last: TrainStep | undefined;
    const steps = train(trainer, {
      ...{ loader, heldOut: subset, schedule, accumulate, signal },
      ...{ evaluateEvery: options.evaluateEvery, readEvery: READ_EVERY, checkpointEvery: schedule.steps },
    });
    let fault: unknown;
    try {
      for await (const step of steps) {
        last = step;
        const { loader: _loader, heldOut, settled, ...figures } = step;
        const heldOutBitsPerByte = heldOut?.bitsPerByte;
        const point: CurvePoint = { ...figures, heldOutBitsPerByte, memoryBytes: gpu.liveBytes };
        points.push(point);
        yield { event: 'step', point };
        if (sampler && heldOut) {
          const { sampleTokens: count, temperature, prompt } = options;
          const [sample] = await samplePrompts(sampler, tokenizer, [prompt], { ...SAMPLING, count, temperature });
          yield { event: 'sample', step: step.step, ...sample };
        }
        if (settled && !signal.aborted) await control.mayGoOn();
      }
    } catch (error) {
      if (error instanceof ToolkitError && LOST.includes(error.code)) throw error;
      fault = error; // the text is at fault: what was learnt before it is kept
    }
    if (!last) throw fault;

    const stopped = last.step < schedule.steps;
    const whole = stopped ? undefined : await evaluateWhole(trainer, heldOut, control);
    control.doing('gathering the files');
    const files = await filesOf({
      arena: trainer.arena,
      state: {
        step: last.step,
        config,
        loader: last.loader,
        optimizer: await trainer.readState(),
        options: { depth: options.depth, batch: accumulate * plan.rows, steps: schedule.steps, seed: options.seed },
        adapter: head.adapter,
        heldOutBitsPerByte: last.heldOut?.bitsPerByte,
      },
      ...{ head, points, tokenizer: tokenizerFiles },
    });
    yield { event: 'finished', step: last.step, stopped, sources: whole ? compareSources(whole, unigram) : [], files };
    if (fault) throw fault;
  } finally {
    for (const release of releases) await release();
  }
}

/** `undefined` when it was stopped. */
function evaluateWhole(trainer: Trainer, heldOut: HeldOut, { signal, doing }: Control) {
  const tokens = tokensOf(heldOut);
  const onTokens = (done: number): void =>
    doing(`reading all held-out documents: ${Math.min(100, Math.floor((100 * done) / tokens))} % (Stop skips it)`);
  return evaluate(trainer, heldOut, { signal, onTokens });
}

async function openFolders(places: readonly string[]): Promise<TokenFolder[]> {
  if (places.length === 0) throw badInput('BAD_OPTION', 'no token folder is chosen, expected at least one');
  const folders = await Promise.all(places.map((place) => openTokens(place)));
  const other = folders.find(({ manifest }) => manifest.tokenizer !== folders[0].manifest.tokenizer);
  if (other === undefined) return folders;
  throw badInput(
    'OTHER_TOKENIZER',
    `${other.where}: made with tokenizer ${other.manifest.tokenizer}, ${folders[0].where} with ${folders[0].manifest.tokenizer}`,
    'choose folders of one tokenizer',
  );
}

/** In a worker of its own where memory may be shared and waited for; else in this one, with the same batches. */
function startLoader(folders: readonly TokenFolder[], plan: LoaderPlan): { loader: Loader; where: string } {
  if (crossOriginIsolated && 'waitAsync' in Atomics) {
    const worker = new Worker(new URL('./loader-worker.js', import.meta.url), { type: 'module' });
    return { loader: openRing(folders, plan, startPageLoader(worker)), where: 'in a worker of its own' };
  }
  const sources = folders.map((folder) => folder.source('train'));
  return { loader: openLoader(sources, plan), where: 'beside the trainer: this page has no shared memory' };
}
