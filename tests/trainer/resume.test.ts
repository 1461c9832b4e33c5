/** Trainings that are killed, stopped, made longer and resumed: losses, weights, moments and counters as if nothing had happened. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { trainCommand } from '../../trainer/commands/train.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { checkpointsIn, loadCheckpoint, openCheckpoint, stepOf } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { TensorFile } from '../../trainer/record/tensor-file.ts';
import { readEvaluation } from '../../trainer/run/history.ts';
import { stepsWithin } from '../../trainer/run/minutes.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { OPTIMIZER } from '../../trainer/run/recipe-options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { evaluate } from '../../trainer/score/bits-per-byte.ts';
import { heldOutOf } from '../../trainer/score/held-out.ts';
import type { UnigramCounts } from '../../trainer/score/unigram.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { lendGpu, sharedGpu } from './device.ts';
import { makeTokens } from './support.ts';

const SIZE = { depth: 1, width: 32, context: 16, batch: 6, microBatch: 2, steps: 12, warmup: 1 };
const OFTEN = { evaluateEvery: 4, checkpointEvery: 3, layout: 'packed', maskDocuments: true };
type Flags = Partial<TrainingOptions> & { readonly resume?: boolean };

/** What `vua train` is given, in a process of its own, which is killed behind a step. */
async function killedTraining(tokens: string, out: string, killBehind: number): Promise<void> {
  const args = Object.entries({ tokens, out, ...SIZE, ...OFTEN }).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
  const child = spawn(process.execPath, [resolve('dist/main.js'), 'train', ...args], { stdio: 'ignore' });
  const curve = join(out, 'curve.jsonl');
  const watch = setInterval(() => {
    try {
      if (readFileSync(curve, 'utf8').split('\n').length - 2 > killBehind) child.kill('SIGKILL');
    } catch {} // no curve yet
  }, 5);
  await new Promise((ended) => child.on('close', ended));
  clearInterval(watch);
}

/** `vua train` in this process, on the one device that is open. @returns what it said */
async function trained(out: string, { resume = false, rewind, writesBehind, ...flags }: Flags = {}): Promise<string> {
  const heard = context();
  const given = { tokens: [tokens], out, ...SIZE, ...OFTEN, ...flags };
  const options = trainCommand.options.parse(given) as unknown as TrainingOptions;
  const start = resume ? 'resume' : 'new';
  try {
    const { outcome } = await runTraining({ ...options, start, rewind, writesBehind, gpu }, heard);
    return heard.err.join('') + outcome;
  } catch (error) {
    if (error instanceof ToolkitError) return `${heard.err.join('')}${error.code}: ${error.message} ${error.hint}`;
    throw error;
  }
}

const hashes = (out: string): string[] => {
  const dir = join(out, 'step-000012');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.safetensors'))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(dir, name)))
          .digest('hex')}`,
    );
};

/** A training that nothing disturbs, for the tests that disturb one. */
const whole = temporaryFolder('file');
let tokens: string;
let gpu: Gpu;
beforeAll(async () => {
  tokens = await makeTokens();
  gpu = await sharedGpu('embedded');
  await trained(whole);
});

it('goes on to the bit', async () => {
  const killed = temporaryFolder('file');
  await killedTraining(tokens, killed, 4);
  expect(readdirSync(killed)).toContain('step-000003');
  expect(readdirSync(killed)).not.toContain('step-000012');
  const said = await trained(killed, { resume: true });
  expect(said).toMatch(/resuming .*step-00000[34689] behind step [34689]/);
  expect(hashes(killed)).toEqual(hashes(whole));
  const figures = (out: string) => readCurve(out).points.map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
  expect(figures(killed)).toEqual(figures(whole));
  const state = (out: string) => JSON.parse(readFileSync(join(out, 'step-000012', 'state.json'), 'utf8'));
  const { loader, optimizer } = state(killed);
  expect({ loader, optimizer }).toEqual({ loader: state(whole).loader, optimizer: state(whole).optimizer });
});

it('can be made longer until its rate begins to fall, as if it had been long from the start', async () => {
  const longer = temporaryFolder('file');
  await trained(longer, { steps: 6, keep: 1, checkpointEvery: 5 });
  expect(checkpointsIn(longer).map(stepOf)).toContain(3); // the last before the rate falls stays
  const gone = temporaryFolder('file');
  cpSync(longer, gone, { recursive: true });
  for (const step of checkpointsIn(gone)) if (stepOf(step) <= 3) rmSync(step, { recursive: true });
  expect(await trained(gone, { resume: true })).toMatch(/OTHER_RUN.*until its rate begins to fall.*--init-from/s);
  expect(await trained(longer, { resume: true })).toMatch(
    /behind step 3: a longer run goes on from step 3.*behind step 3/s,
  );
  expect(hashes(longer)).toEqual(hashes(whole));

  // Back from step 11: the rows of steps 10 and 11 are left out, another rate is taken, and the command again goes on.
  const back = { resume: true, rewind: 11, learningRate: 0.001 };
  expect(await trained(longer, { resume: true, learningRate: 0.001 })).toMatch(/OTHER_RUN.*peak/s);
  expect(await trained(longer, back)).toMatch(/behind step 9"}\n.*the rows of the steps up to 11 are left out/);
  const { points } = readCurve(longer);
  expect(points.map(({ step, rewoundFrom }) => [step, rewoundFrom])).toEqual(
    range(12).map((i) => [i + 1, i + 1 === 10 ? 11 : undefined]),
  );
  const positionOf = (out: string): number =>
    JSON.parse(readFileSync(join(out, 'step-000012', 'state.json'), 'utf8')).loader.position;
  expect(positionOf(longer) - positionOf(whole)).toBe(2 * 6);
  expect(await trained(longer, back)).toMatch(/nothing_new$/);
});

it('goes on where an older vua stopped, and compares no figures of other text', async () => {
  const out = temporaryFolder('file');
  const options: TrainingOptions = {
    ...{ tokens: [tokens], weights: [], layout: 'stream', adapter: 'embedded', start: 'new', keep: 9 },
    ...{ out, seed: 1, depth: 1, width: 32, context: 16, batch: 4, steps: 6, learningRate: 0 },
    ...{ evaluateEvery: 2, evaluateTokens: 250, finalTokens: 400, checkpointEvery: 2 },
  };
  const { report: first } = await runTraining({ ...options, gpu }, context());
  const weights = readFileSync(join(first.checkpoint, 'model.safetensors'));
  const { heldOut } = first;
  expect(heldOut).toMatchObject({ step: 6, curve: { step: 6, untrainedBitsPerByte: expect.any(Number) } });
  expect(heldOut!.text!.id).not.toBe(heldOut!.curve!.text!.id);
  expect(heldOut!.curve!.unigramBitsPerByte).toBe(readCurve(out).head.unigramBitsPerByte);
  const evaluation = readEvaluation(out)!;
  expect(evaluation).toMatchObject({ step: 6, text: heldOut!.text, bitsPerByte: heldOut!.bitsPerByte });

  // As the older one left it at step 4: no word of the text, and its unigram figure of all of it.
  for (const name of ['step-000006', 'evaluation.json', 'unigram.json']) rmSync(join(out, name), { recursive: true });
  const { head, points } = readCurve(out);
  const { heldOut: _text, unigramStandardError: _error, untrainedStandardError: _other, ...old } = head;
  const lines = [old, ...points.filter(({ step }) => step <= 4).map(({ heldOutStandardError: _, ...point }) => point)];
  writeFileSync(join(out, 'curve.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const statePath = join(out, 'step-000004', 'state.json');
  writeFileSync(statePath, JSON.stringify({ ...JSON.parse(readFileSync(statePath, 'utf8')), heldOutText: undefined }));

  const { report } = await runTraining({ ...options, start: 'resume', gpu }, context());
  expect(readFileSync(join(report.checkpoint, 'model.safetensors')).equals(weights)).toBe(true);
  expect(readEvaluation(out)).toEqual(evaluation);
  expect(readCurve(out).heads.map(({ from, heldOut }) => [from, heldOut?.id])).toEqual([
    [undefined, undefined],
    [4, head.heldOut!.id],
  ]);
  expect(report.heldOut!.curve).toMatchObject({ text: head.heldOut, unigramBitsPerByte: head.unigramBitsPerByte });
  expect(report.heldOut!.curve!.untrainedBitsPerByte).toBeUndefined(); // it was of the other text

  // Counted once: the next call takes what the last one has counted.
  const counts = JSON.parse(readFileSync(join(out, 'unigram.json'), 'utf8')) as UnigramCounts;
  writeFileSync(join(out, 'unigram.json'), JSON.stringify({ ...counts, counts: counts.counts.map(() => 0) }));
  rmSync(join(out, 'evaluation.json'));
  await runTraining({ ...options, start: 'resume', gpu }, context());
  const { bitsPerByte, unigramBitsPerByte, text } = readEvaluation(out)!;
  expect(bitsPerByte).toBe(evaluation.bitsPerByte);
  expect(unigramBitsPerByte).toBeCloseTo(8 * ((text!.tokens - text!.documents) / text!.textBytes), 10); // 256 ids alike
});

it('writes checkpoints behind later steps: the same to the bit, and a disk that fills is told', async () => {
  const behind = temporaryFolder('file');
  const buffers = gpu.liveBuffers;
  await trained(behind, { writesBehind: true });
  expect(hashes(behind)).toEqual(hashes(whole));
  expect(checkpointsIn(behind)).toHaveLength(checkpointsIn(whole).length);
  expect(gpu.liveBuffers).toBe(buffers);
  const stopped = temporaryFolder('file');
  const full = new ToolkitError({ code: 'WRITE_FAILED', message: 'no room' });
  const { capture } = gpu;
  const spy = vi.spyOn(gpu, 'capture').mockImplementation(async (some) => {
    const captured = (await capture.call(gpu, some))!;
    return checkpointsIn(stopped).length === 0 ? captured : { ...captured, read: () => Promise.reject(full) };
  });
  const said = await trained(stopped, { writesBehind: true });
  spy.mockRestore();
  expect(said).toMatch(/WRITE_FAILED: no room; steps 4 to [4-9] are lost, .*step-000003 stays/);
  expect(checkpointsIn(stopped).map(stepOf)).toEqual([3]);
  expect(gpu.liveBuffers).toBe(buffers);
});

it('goes on after a lost device as often as --retries says, and says when rows come too often', async () => {
  const out = temporaryFolder('file');
  const { figures } = Trainer.prototype;
  let times = 0;
  const spy = vi.spyOn(Trainer.prototype, 'figures').mockImplementation(function (this: Trainer, count: number) {
    if (checkpointsIn(out).length === 1 && times++ < 2) {
      throw new ToolkitError({ code: 'DEVICE_LOST', message: 'the device was lost' });
    }
    return figures.call(this, count);
  });
  const said = await trained(out, { retries: 1 });
  expect(said).toMatch(/going on from the last checkpoint \(--retries, 0 left\).*DEVICE_LOST: the device was lost/s);
  expect(await trained(out, { resume: true, steps: 12 })).toMatch(/written$/);
  spy.mockRestore();
  expect(hashes(out)).toEqual(hashes(whole));
  const stop = new AbortController();
  const heard = { ...context(), signal: stop.signal };
  const given = { tokens: [tokens], out: temporaryFolder('file'), ...SIZE, ...OFTEN, steps: 9999 };
  const options = trainCommand.options.parse(given) as unknown as TrainingOptions;
  stop.abort();
  await runTraining({ ...options, start: 'new', gpu }, heard);
  expect(heard.err.join('')).toMatch(/its rows are seen \d+\.\d times, more than 4/);
});

it('takes as many steps as fit into minutes, which a resume does not measure again', async () => {
  const options = { evaluateEvery: 10, evaluateTokens: 300, finalTokens: 600 };
  const pace = { step: 0.1, tokens: 100 };
  expect(stepsWithin(60, pace, options, 0)).toBe(600);
  const steps = stepsWithin(60, pace, options, 10_000); // 0.1 s for each evaluation, 0.2 s for the last
  expect(steps * 0.1 + (1 + Math.floor(steps / 10)) * 0.1 + 0.2).toBeCloseTo(60, 0);
  expect(stepsWithin(60, pace, options, 150)).toBeGreaterThan(steps);
  expect(stepsWithin(0.01, pace, options, 0)).toBe(1);

  const out = temporaryFolder('file');
  const takeBack = await lendGpu();
  const run = async (minutes: number, resume: boolean) => {
    const heard = context();
    const given = { tokens: [tokens], out, ...SIZE, ...OFTEN, minutes, resume, adapter: 'embedded' };
    const status = await trainCommand.run(trainCommand.options.parse(given), heard);
    return [status, heard.err.join('')];
  };
  try {
    const [status, said] = await run(0.0001, false);
    expect(status).toBeUndefined();
    expect(said).toMatch(/1 steps are about 0\.0001 min here: a step takes [\d.]+ s/);
    expect(checkpointsIn(out).map(stepOf)).toEqual([1]);
    expect(await run(60, true)).toEqual([99, expect.not.stringContaining('min here')]);
  } finally {
    takeBack();
  }
});

it('resumes to the bit with an average, a momentum that moves, cautious and scheduled decay; without them nothing is named', async () => {
  const moving = { ema: 0.9, momentum: 0.9, momentumWarmup: 4, momentumCooldown: 2, cautiousDecay: true } as const;
  const flags = { ...moving, decaySchedule: 'rate', steps: 8, checkpointEvery: 4, evaluateEvery: 8, keep: 9 } as const;
  const [all, part] = [temporaryFolder('file'), temporaryFolder('file')];
  await trained(all, flags);
  await trained(part, flags);
  for (const dir of checkpointsIn(part)) if (stepOf(dir) > 4) rmSync(dir, { recursive: true });
  expect(await trained(part, { ...flags, ema: 0.8, resume: true })).toMatch(/OTHER_RUN.*ema = 0.9, now asked for 0.8/s);
  expect(await trained(part, { ...flags, momentum: undefined, resume: true })).toMatch(
    /OTHER_RUN.*momentum = 0.9.*0.95/s,
  );
  await trained(part, { ...flags, resume: true });
  const last = join('step-000008', 'model.safetensors');
  for (const file of [last, join('step-000008', 'optimizer.safetensors')])
    expect(readFileSync(join(part, file)).equals(readFileSync(join(all, file)))).toBe(true);
  // What is exported and evaluated is the average, not the weights that training goes on with.
  const [model, kept] = [last, join('step-000008', 'optimizer.safetensors')].map(
    (file) => new TensorFile(join(all, file)),
  );
  const name = 'model.norm.weight';
  expect(Array.from(model.read(name))).not.toEqual(Array.from(kept.read(`params.${name}`)));
  for (const file of [model, kept]) file.close();
  expect(readEvaluation(all)!.bitsPerByte).toBe((await evaluated(all)).bitsPerByte);
  const { options } = openCheckpoint(whole).state;
  expect(Object.keys(options).filter((key) => /momentum|ema|cautious|decaySchedule/.test(key))).toEqual([]);
});

/** Held-out figures of the last checkpoint, from what everyone reads of it. */
async function evaluated(out: string) {
  const checkpoint = openCheckpoint(out, { need: 'parameters' });
  const optimizer = { ...OPTIMIZER };
  const trainer = await Trainer.create(gpu, checkpoint.state.config, { rows: SIZE.microBatch, optimizer });
  loadCheckpoint(checkpoint, trainer.arena, 'parameters');
  const heldOut = await heldOutOf([await openTokens(tokens)]);
  const found = await evaluate(trainer, heldOut, { maskDocuments: true });
  trainer.release();
  return found!;
}

it('stopped before its first step writes nothing', async () => {
  const out = temporaryFolder('file');
  const stopped = context();
  stopped.abort();
  const options: TrainingOptions = {
    tokens: [tokens],
    weights: [],
    layout: 'stream',
    adapter: 'embedded',
    start: 'new',
    ...{ out, seed: 1, depth: 1, width: 32, context: 16, batch: 4, steps: 4, learningRate: 0 },
    ...{ evaluateEvery: 2, evaluateTokens: 1000, checkpointEvery: 2 },
  };
  expect(await runTraining({ ...options, gpu }, stopped)).toMatchObject({
    outcome: 'interrupted',
    report: { step: 0, checkpoint: '' },
  });
  expect(readdirSync(out)).toEqual([]);
  const { outcome, report } = await runTraining({ ...options, start: 'resume', gpu }, context());
  expect({ outcome, step: report.step }).toEqual({ outcome: 'written', step: 4 });
  expect(report.heldOut!.untrainedBitsPerByte).toBeGreaterThan(1);
});
