/** The loop that Node and the page share: which events in which order, and what a loss that is no number says. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { openFolders } from '../../trainer/loader/token-folders.ts';
import { type LoopEvent, type OpenRun, openRun, trainingLoop } from '../../trainer/run/loop.ts';
import { finalTokensOf } from '../../trainer/run/options.ts';
import { recipeOf } from '../../trainer/run/recipe.ts';
import { evaluate } from '../../trainer/score/bits-per-byte.ts';
import { drawHeldOut, halfOf } from '../../trainer/score/draw.ts';
import { heldOutOf, textOf } from '../../trainer/score/held-out.ts';
import { countTokens, evaluateUnigram } from '../../trainer/score/unigram.ts';
import { sharedGpu } from './device.ts';
import { makeTokens } from './support.ts';

const options = {
  ...{ depth: 1, width: 32, context: 16, batch: 4, steps: 5, learningRate: 0 },
  ...{ layout: 'stream' as const, seed: 1, evaluateEvery: 4, evaluateTokens: 200, finalTokens: 0, checkpointEvery: 2 },
};
let gpu: Gpu;
let run: OpenRun;
let buffers: number;

beforeAll(async () => {
  gpu = await sharedGpu('embedded');
  const folders = await openFolders([await makeTokens(200)]);
  const recipe = recipeOf(options, folders[0].manifest.vocabSize, gpu.facts);
  buffers = gpu.liveBuffers;
  run = await openRun(gpu, {
    ...{ folders, heldOut: await heldOutOf(folders), recipe, options },
    startLoader: (all, plan) => openLoader([all[0].source('train')], plan),
  });
});
afterAll(async () => {
  await run.release();
  expect(gpu.liveBuffers).toBe(buffers);
});

/** `step 3`, `checkpoint 3`, `settled`. */
const told = (event: LoopEvent): string =>
  event.event === 'step' || event.event === 'checkpoint' ? `${event.event} ${event.step.step}` : event.event;

it('tells steps, checkpoints behind them, and closing figures, which are of other documents than those of steps', async () => {
  run.trainer.arena.initialise(run.recipe.config, options.seed);
  const heard: LoopEvent[] = [];
  for await (const event of trainingLoop(run, { adapter: 'a' })) heard.push(event);
  expect(heard.map(told)).toEqual([
    ...['doing', 'doing', 'head', 'step 1', 'settled', 'step 2', 'checkpoint 2', 'settled', 'step 3', 'settled'],
    ...['step 4', 'checkpoint 4', 'settled', 'step 5', 'checkpoint 5', 'settled', 'trained', 'evaluating', 'evaluated'],
  ]);
  const evaluated = heard.flatMap((event) => (event.event === 'step' && event.step.heldOut ? event.step.step : []));
  expect(evaluated).toEqual([4, 5]);
  const { figures: closing, text } = heard.find((event) => event.event === 'evaluated')!;
  const { head, counts } = heard.find((event) => event.event === 'head')!;
  expect(head.heldOut).toMatchObject({ half: 'select' });
  expect(closing!.text).toEqual(textOf(text));
  expect(closing!.text).toMatchObject({ half: 'test' });
  expect(closing!.text!.split.documents + head.heldOut!.split.documents).toBe(run.heldOut.split.documents);
  expect(closing!.text!.tokens).toBeLessThan(closing!.text!.split.tokens);
  expect(closing!.bitsPerByte).toBe((await evaluate(run.trainer, text))!.bitsPerByte);
  const train = run.folders[0].source('train').batchTokens.reduce((sum, tokens) => sum + tokens, 0);
  const documents = run.folders[0].manifest.shards.reduce(
    (sum, one) => sum + (one.split === 'train' ? one.documents : 0),
    0,
  );
  expect(closing!.bytes).toMatchObject({ trainBytes: train - documents, bitsPerByte: expect.any(Number) });
  expect(counts.tokens).toBe(run.folders[0].fingerprint);
});

it('evaluates more text at the end where it is asked to, says how long that takes, and counts tokens once', async () => {
  run.trainer.arena.initialise(run.recipe.config, options.seed);
  const longer: OpenRun = { ...run, options: { ...options, finalTokens: 400 }, counts: await countsOf(run) };
  const heard: LoopEvent[] = [];
  for await (const event of trainingLoop(longer, { adapter: 'a' })) heard.push(event);
  const { head, counts, closing } = heard.find((event) => event.event === 'head')!;
  expect(counts).toBe(longer.counts);
  expect(closing).toMatchObject({ tokens: 400, seconds: expect.any(Number) });
  expect(heard.find((event) => event.event === 'evaluating')!.closing).toMatchObject({
    ...closing,
    seconds: expect.any(Number),
  });
  const { text, unigramBitsPerByte, sources } = heard.find((event) => event.event === 'evaluated')!.figures!;
  expect(text!.id).not.toBe(head.heldOut!.id);
  expect(text!.tokens).toBeLessThanOrEqual(400);
  expect(text!.documents).toBeGreaterThan(head.heldOut!.documents);
  const { bitsPerByte } = await evaluateUnigram(counts, await drawHeldOut(halfOf(run.heldOut, 'test'), 400));
  expect(unigramBitsPerByte).toBe(bitsPerByte);
  expect(sources.reduce((sum, { documents }) => sum + documents, 0)).toBe(text!.documents);
});

const countsOf = ({ folders }: OpenRun) => countTokens(folders);

it('the default for closing figures keeps them under a tenth of the training, or reads nothing twice', () => {
  for (const trained of [1000, 80_000, 153_600, 512_000, 1e7, 1e10]) {
    const tokens = finalTokensOf({ evaluateTokens: 16_384 }, trained);
    // A forward pass is a third of a step.
    if (tokens > 16_384) expect(tokens / 3).toBeLessThan(trained / 10);
    else expect(tokens).toBe(16_384);
  }
  expect(finalTokensOf({ evaluateTokens: 16_384, finalTokens: 7 }, 1e9)).toBe(7);
});

it('stopped, asks for a checkpoint of the step in hand and evaluates no more', async () => {
  const stop = new AbortController();
  const heard: string[] = [];
  for await (const event of trainingLoop(run, { adapter: 'a', from: 2, signal: stop.signal })) {
    heard.push(told(event));
    if (event.event === 'step') stop.abort();
  }
  expect(heard.slice(3)).toEqual(['step 3', 'settled', 'checkpoint 3', 'trained']);
});

it('names the tensor in which a loss that is no number began, and what going back costs', async () => {
  run.trainer.arena.write('params', 'model.norm.weight', new Float32Array(32).fill(Number.NaN)); // no row can mend it
  const rest = async (): Promise<void> => {
    for await (const _ of trainingLoop(run, { adapter: 'a', from: 2 }));
  };
  await expect(rest()).rejects.toMatchObject({
    code: 'NAN_LOSS',
    message: expect.stringMatching(
      /^step 3: .*first in params model\.norm\.weight: 32 of 32 not finite; back to step 2: 0 /,
    ),
  });
});

/** The run with a loss scale under which every gradient overflows at the steps that `isPlanted` says. */
function planted(isPlanted: (step: number) => boolean, from = 0): OpenRun {
  const state = (scale: number, skipped: number): number[] => [0, 0, 0, skipped, scale, 0, 1, 1];
  let [step, skipped] = [from, 0];
  const next = async () => {
    const batch = await run.loader.next();
    step += 1;
    run.trainer.writeState(state(isPlanted(step) ? 3e38 : 1, skipped));
    skipped = isPlanted(step) ? skipped + 1 : 0;
    return batch;
  };
  return { ...run, loader: Object.assign(Object.create(run.loader), { next }) };
}

it('passes over a step whose gradient is not finite, and says so; the weights stay', async () => {
  const { arena } = run.trainer;
  arena.initialise(run.recipe.config, options.seed);
  const weights: number[][] = [];
  const notes: (string | undefined)[] = [];
  for await (const event of trainingLoop(
    planted((step) => step === 3),
    { adapter: 'a' },
  )) {
    if (event.event !== 'step') continue;
    notes.push(event.anomaly);
    weights.push(Array.from(await arena.readTensor('params', 'model.norm.weight')));
  }
  expect(notes.map((note) => note?.replace(/loss [\d.]+/, 'loss'))).toEqual([
    ...[undefined, undefined],
    'step 3: loss, gradient norm Infinity: skipped, the weights stay as they are (1 in a row, --max-skips 16)',
    ...[undefined, undefined],
  ]);
  expect(weights[2]).toEqual(weights[1]);
  expect(weights[3]).not.toEqual(weights[2]);
});

it('asks for a checkpoint of the lowest held-out figure whatever the cadences are, and by minutes', async () => {
  run.trainer.arena.initialise(run.recipe.config, options.seed);
  const seldom = { ...options, checkpointEvery: 1000, evaluateEvery: 3 };
  const heard: string[] = [];
  for await (const event of trainingLoop({ ...run, options: seldom }, { adapter: 'a', lowest: 100 }))
    heard.push(told(event));
  // That of step 2 is the last one before the rate falls.
  expect(heard.filter((event) => event.startsWith('checkpoint')).slice(0, 2)).toEqual(['checkpoint 2', 'checkpoint 3']);
  const often = { ...options, checkpointEvery: 1000, evaluateEvery: 1000, checkpointMinutes: 1e-9 };
  const due: string[] = [];
  for await (const event of trainingLoop({ ...run, options: often }, { adapter: 'a', lowest: 0 }))
    due.push(told(event));
  expect(due.filter((event) => event.startsWith('checkpoint'))).toEqual(
    [1, 2, 3, 4, 5].map((step) => `checkpoint ${step}`),
  );
});

it('ends where too many steps in a row are skipped, and says how to go on', async () => {
  run.trainer.arena.initialise(run.recipe.config, options.seed);
  const spoilt = planted((step) => step > 1);
  const rest = async (): Promise<void> => {
    for await (const _ of trainingLoop({ ...spoilt, options: { ...options, maxSkips: 2 } }, { adapter: 'a' }));
  };
  await expect(rest()).rejects.toMatchObject({
    code: 'NAN_LOSS',
    message: expect.stringMatching(/^step 4: .*in 3 steps in a row/),
    hint: expect.stringContaining('--resume --rewind 2'),
  });
});
