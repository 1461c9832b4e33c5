/** `vua train` killed with SIGKILL and resumed: losses, weights, moments and counters as if nothing had happened. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { checkpointsIn, stepOf } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { readEvaluation } from '../../trainer/run/history.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import type { UnigramCounts } from '../../trainer/score/unigram.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { makeTokens } from './support.ts';

/** Ends when the process does, or is killed behind step `killBehind`. */
function vuaTrain(tokens: string, out: string, more: readonly string[], killBehind?: number): Promise<string> {
  const size = ['--width', '32', '--context', '16', '--batch', '6', '--micro-batch', '2', '--steps', '12'];
  const every = ['--evaluate-every', '4', '--checkpoint-every', '3', '--layout', 'packed', '--mask-documents'];
  const args = [resolve('dist/main.js'), 'train', '--tokens', tokens, '--out', out, ...size, ...every];
  const child = spawn(process.execPath, [...args, ...more]);
  let said = '';
  const curve = join(out, 'curve.jsonl');
  const watch = setInterval(() => {
    try {
      if (readFileSync(curve, 'utf8').split('\n').length - 2 > killBehind!) child.kill('SIGKILL');
    } catch {} // no curve yet
  }, 5);
  child.stderr.on('data', (chunk) => (said += chunk));
  return new Promise((done) =>
    child.on('close', () => {
      clearInterval(watch);
      done(said);
    }),
  );
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
const WARMUP = ['--warmup', '1'];
let tokens: string;
beforeAll(async () => {
  tokens = await makeTokens();
  await vuaTrain(tokens, whole, WARMUP);
}, 120_000);

it('goes on to the bit', async () => {
  const killed = temporaryFolder('file');
  await vuaTrain(tokens, killed, WARMUP, 4);
  expect(readdirSync(killed)).toContain('step-000003');
  expect(readdirSync(killed)).not.toContain('step-000012');
  const said = await vuaTrain(tokens, killed, [...WARMUP, '--resume']);
  expect(said).toMatch(/resuming .*step-00000[34689] behind step [34689]/);
  expect(hashes(killed)).toEqual(hashes(whole));
  const figures = (out: string) => readCurve(out).points.map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
  expect(figures(killed)).toEqual(figures(whole));
  const state = (out: string) => JSON.parse(readFileSync(join(out, 'step-000012', 'state.json'), 'utf8'));
  const { loader, optimizer } = state(killed);
  expect({ loader, optimizer }).toEqual({ loader: state(whole).loader, optimizer: state(whole).optimizer });
}, 120_000);

it('can be made longer until its rate begins to fall, as if it had been long from the start', async () => {
  const longer = temporaryFolder('file');
  await vuaTrain(tokens, longer, [...WARMUP, '--steps', '6', '--keep', '9']);
  expect(await vuaTrain(tokens, longer, [...WARMUP, '--resume'])).toMatch(/OTHER_RUN.*until its rate begins to fall/s);
  for (const step of checkpointsIn(longer)) if (stepOf(step) > 3) rmSync(step, { recursive: true });
  expect(await vuaTrain(tokens, longer, [...WARMUP, '--resume'])).toMatch(/behind step 3/);
  expect(hashes(longer)).toEqual(hashes(whole));

  // Back from step 11: the rows of steps 10 and 11 are left out, another rate is taken, and the command again goes on.
  const back = [...WARMUP, '--resume', '--rewind', '11', '--learning-rate', '0.001'];
  expect(await vuaTrain(tokens, longer, [...WARMUP, '--resume', '--learning-rate', '0.001'])).toMatch(
    /OTHER_RUN.*peak/,
  );
  expect(await vuaTrain(tokens, longer, back)).toMatch(
    /behind step 9"\}\n.*the rows of the steps up to 11 are left out/,
  );
  const { points } = readCurve(longer);
  expect(points.map(({ step, rewoundFrom }) => [step, rewoundFrom])).toEqual(
    range(12).map((i) => [i + 1, i + 1 === 10 ? 11 : undefined]),
  );
  const positionOf = (out: string): number =>
    JSON.parse(readFileSync(join(out, 'step-000012', 'state.json'), 'utf8')).loader.position;
  expect(positionOf(longer) - positionOf(whole)).toBe(2 * 6);
  expect(await vuaTrain(tokens, longer, back)).toMatch(/nothing new/);
}, 120_000);

it('goes on where an older vua stopped, and compares no figures of other text', async () => {
  const out = temporaryFolder('file');
  const options: TrainingOptions = {
    ...{ tokens: [tokens], weights: [], layout: 'stream', adapter: 'embedded', start: 'new', keep: 9 },
    ...{ out, seed: 1, depth: 1, width: 32, context: 16, batch: 4, steps: 6, learningRate: 0 },
    ...{ evaluateEvery: 2, evaluateTokens: 250, finalTokens: 400, checkpointEvery: 2 },
  };
  const { report: first } = await runTraining(options, context());
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

  const { report } = await runTraining({ ...options, start: 'resume' }, context());
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
  await runTraining({ ...options, start: 'resume' }, context());
  const { bitsPerByte, unigramBitsPerByte, text } = readEvaluation(out)!;
  expect(bitsPerByte).toBe(evaluation.bitsPerByte);
  expect(unigramBitsPerByte).toBeCloseTo(8 * ((text!.tokens - text!.documents) / text!.textBytes), 10); // 256 ids alike
}, 120_000);

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
  expect(await runTraining(options, stopped)).toMatchObject({
    outcome: 'interrupted',
    report: { step: 0, checkpoint: '' },
  });
  expect(readdirSync(out)).toEqual([]);
  const { outcome, report } = await runTraining({ ...options, start: 'resume' }, context());
  expect({ outcome, step: report.step }).toEqual({ outcome: 'written', step: 4 });
  expect(report.heldOut!.untrainedBitsPerByte).toBeGreaterThan(1);
}, 120_000);
