/** Curves: TensorBoard's bytes, resumed curves, charts, and what the watch over a curve reports. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normal } from '../../trainer/gpu/random.ts';
import { Arena } from '../../trainer/model/arena.ts';
import { modelConfig } from '../../trainer/model/config.ts';
import { type Anomaly, anomalyText, firstNotFinite, Watch } from '../../trainer/record/anomaly.ts';
import { type CurveHead, type CurvePoint, openCurve, readCurve } from '../../trainer/record/curve.ts';
import { headAt } from '../../trainer/record/plot.ts';
import { crc32c, fileVersionEvent, scalarsEvent, sessionStartEvent } from '../../trainer/record/tensorboard.ts';
import { writePlot } from '../../trainer/record/write-plot.ts';
import { heldOutFigures } from '../../trainer/run/history.ts';
import type { HeldOutText } from '../../trainer/score/held-out.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';

const root = temporaryFolder('file');

const text: HeldOutText = {
  ...{ id: '00000000000000aa', documents: 41, effectiveDocuments: 12.34, tokens: 16_000, textBytes: 60_000 },
  split: { documents: 69, tokens: 127_397, textBytes: 600_000 },
};
const other: HeldOutText = { ...text, id: '00000000000000bb', documents: 40 };
const head: CurveHead = {
  heldOut: text,
  unigramBitsPerByte: 2.4,
  untrainedBitsPerByte: 2.9,
  adapter: 'a',
  parameters: 10,
  tokensPerStep: 100,
  trainBytesPerToken: 4,
};
const noise = normal(1, 400, 0.02);
const point = (step: number, change: Partial<CurvePoint> = {}): CurvePoint => ({
  step,
  loss: 7 - step / 100 + noise[step],
  gradNorm: 1,
  learningRate: 0.01,
  tokensPerSecond: 50,
  dataWaitMs: 0.1,
  ...change,
});
const points = (count: number): CurvePoint[] => Array.from({ length: count }, (_, i) => point(i + 1));

/** Made by TensorBoard's own writer: a file version, the start of a session at step 300, two scalars at step 70000. */
const TENSORBOARD =
  '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9100000000000000095fbfe180900006040fc54' +
  'd94110ac023a020801312d1a8d36000000000000004f578cef0900008040fc54d94110f0a2042a270a110a0a6c6f73732f747261696e1500002040' +
  '0a120a0b74e1bb916320c491e1bb99156f1283ba812ef2f3';

describe('TensorBoard events', () => {
  it('are the bytes that its own writer makes', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283); // the check value of CRC-32C
    const ours = [
      fileVersionEvent(1700000000.25),
      sessionStartEvent(1700000001.5, 300),
      scalarsEvent(1700000002, 70_000, { 'loss/train': 2.5, 'tốc độ': -1e-3 }),
    ];
    expect(Buffer.concat(ours).toString('hex')).toBe(TENSORBOARD);
  });

  /** Six steps, the last three from a run that went on at step 3. */
  function resumedCurve(name: string): string {
    const dir = join(root, name);
    const first = openCurve(dir, 0, head);
    for (const one of points(5)) first.append(one);
    const again = openCurve(dir, 3, head);
    for (const step of [4, 5, 6])
      again.append(point(step, { loss: 1, heldOutBitsPerByte: step === 6 ? 2 : undefined }));
    return dir;
  }

  it('of a resumed run stand once', () => {
    const dir = resumedCurve('resumed');
    expect(readCurve(dir).points.map(({ loss }) => loss === 1)).toEqual([false, false, false, true, true, true]);
    expect(readdirSync(join(dir, 'tensorboard')).length).toBeGreaterThan(0);
  });

  it('are read by its own reader, a resumed run once', ({ skip }) => {
    const python = process.env.VUA_PYTHON;
    if (!python) return skip('set VUA_PYTHON to a Python with tensorboard');
    const dir = resumedCurve('read');
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]); events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}))`;
    const { stdout, stderr } = spawnSync(python, ['-c', script, join(dir, 'tensorboard')], { encoding: 'utf8' });
    const read = JSON.parse(stdout || stderr) as Record<string, [number, number][]>;
    expect(read['loss/train_nats_per_token'].map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(read['loss/train_nats_per_token'].slice(3).map(([, loss]) => loss)).toEqual([1, 1, 1]);
    expect(read[`held_out_bits_per_byte/text_${text.id}`].slice(-1)).toEqual([[6, 2]]);
    expect(read[`held_out_unigram/text_${text.id}`][0][1]).toBeCloseTo(2.4, 6);
    expect(Object.keys(read)).toContain('optimizer/gradient_norm');
  });
});

describe('charts', () => {
  it.each([
    ['one run', ['a'], 1],
    ['several runs', ['a', 'b'], 2],
  ])('of %s hold a line for each and name it', (_name, names, heldOutLines) => {
    for (const name of names) {
      const curve = openCurve(join(root, name), 0, head);
      for (const one of points(30)) curve.append({ ...one, ...(one.step % 10 === 0 && { heldOutBitsPerByte: 2 }) });
    }
    const out = join(root, `${names.join('-')}.svg`);
    writePlot(
      names.map((name) => join(root, name)),
      'Đường <cong>',
      out,
    );
    const svg = readFileSync(out, 'utf8');
    expect(svg).toContain('Đường &#60;cong&#62;');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.match(/<circle/g)).toHaveLength(4 * heldOutLines); // step 0 and three evaluations
    for (const name of names.length > 1 ? names : ['held-out documents']) expect(svg).toContain(`${name}: 2.000`);
  });
});

describe('a curve whose held-out text changes', () => {
  /** Evaluated at 10 and 20 on one text, resumed at 20 on another, evaluated at 30. */
  function changed(name: string, before: CurveHead, after: CurveHead): string {
    const dir = join(root, name);
    const evaluated = (step: number, bits: number) =>
      point(step, { heldOutBitsPerByte: bits, heldOutStandardError: 0.1 });
    const first = openCurve(dir, 0, before);
    for (let step = 1; step <= 22; step++) first.append(step % 10 === 0 ? evaluated(step, 2.3) : point(step));
    const again = openCurve(dir, 20, { ...after, untrainedBitsPerByte: Number.NaN });
    for (let step = 21; step <= 30; step++) again.append(step === 30 ? evaluated(30, 2.1) : point(step));
    return dir;
  }
  const { heldOut: _text, ...unnamed } = head; // as vua wrote it before it named the text

  it('says so behind the step, and keeps its head where it does not', () => {
    const curve = readCurve(changed('changed', head, { ...head, heldOut: other, unigramBitsPerByte: 2.5 }));
    expect(curve.points.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(curve.heads.map(({ from, heldOut }) => [from, heldOut!.id])).toEqual([
      [undefined, text.id],
      [20, other.id],
    ]);
    expect([1, 20, 21, 30].map((step) => headAt(curve, step).heldOut!.id)).toEqual([
      text.id,
      text.id,
      other.id,
      other.id,
    ]);
    const same = readCurve(changed('same', head, head));
    expect(same.heads).toEqual([head]);
    const gone = changed('gone', head, { ...head, heldOut: other });
    openCurve(gone, 10, head); // back behind the change: it is none
    expect(readCurve(gone).heads).toEqual([head]);
  });

  it.each([
    ['another text', head],
    ['a text that an older vua did not name', unnamed as CurveHead],
  ])('is drawn as two lines: %s', (name, before) => {
    const after = { ...head, heldOut: other, unigramBitsPerByte: 2.5 };
    const dir = changed(name.replaceAll(' ', '-'), before, after);
    const svg = readFileSync(writePlot(dir, 'Đường', join(root, `${name}.svg`)).path, 'utf8');
    expect(svg).toContain('held-out, other text: not comparable');
    expect(svg).toContain('unigram: 2.500');
    expect(svg).not.toContain('unigram: 2.400');
    expect(svg).toContain('40 documents (effective 12.3), 16,000 of 127,397 tokens');
    const strokes = [...svg.matchAll(/<path d="(M[^"]*)" fill="none" stroke="([^"]*)"[^>]*stroke-linejoin/g)];
    expect(strokes).toHaveLength(4); // unigram, training, held out before and behind
  });

  it('gives figures of one text to tables and cards', () => {
    const curve = readCurve(
      changed('figures', unnamed as CurveHead, { ...head, heldOut: other, unigramBitsPerByte: 2.5 }),
    );
    expect(heldOutFigures(curve, undefined, 25)).toEqual({
      step: 20,
      bitsPerByte: 2.3,
      standardError: 0.1,
      sources: [],
    });
    expect(heldOutFigures(curve, undefined, 30)).toMatchObject({
      step: 30,
      text: other,
      bitsPerByte: 2.1,
      unigramBitsPerByte: 2.5,
    });
    const closing = { step: 30, bitsPerByte: 2.2, unigramBitsPerByte: 2.6, text: { ...text, id: 'c' }, sources: [] };
    const apart = heldOutFigures(curve, closing)!;
    expect(apart).toMatchObject({ ...closing, curve: { text: other, bitsPerByte: 2.1, unigramBitsPerByte: 2.5 } });
    expect(apart.untrainedBitsPerByte).toBeUndefined();
    const one = readCurve(changed('one-text', head, head));
    expect(heldOutFigures(one, { ...closing, text })).toMatchObject({ untrainedBitsPerByte: 2.9, bitsPerByte: 2.2 });
    expect(heldOutFigures(one, undefined, 5)).toBeUndefined();
  });
});

describe('several runs', () => {
  const drawn = (name: string, ...heads: CurveHead[]) => {
    const dirs = heads.map((one, i) => {
      const dir = join(root, `${name}-${i}`);
      const curve = openCurve(dir, 0, one);
      for (const step of [1, 2, 3]) curve.append(point(step, { heldOutBitsPerByte: 2 }));
      return dir;
    });
    const { path, warning } = writePlot(dirs, 'Hai', join(root, `${name}.svg`));
    return { svg: readFileSync(path, 'utf8'), warning };
  };

  it('of one held-out text are compared, and say what it has', () => {
    const { svg, warning } = drawn('one', head, { ...head, adapter: 'b' });
    expect(warning).toBeUndefined();
    expect(svg).toContain('unigram: 2.400');
    expect(svg).toContain('41 documents (effective 12.3)');
  });

  it.each([
    ['two', { ...head, heldOut: other }, /different text, not comparable: two-0: 41 documents.*two-1: 40 documents/],
    [
      'unnamed',
      { ...head, heldOut: undefined },
      /^held-out figures not comparable: of which text they are is not said in unnamed-1$/,
    ],
  ])('of %s are not, and that is said', (name, second, expected) => {
    const { svg, warning } = drawn(name, head, second);
    expect(warning).toMatch(expected);
    expect(svg).toContain('held-out text differs: not comparable');
    expect(svg).not.toContain('unigram');
  });
});

describe('the watch over a curve', () => {
  const seen = (all: readonly CurvePoint[]): Anomaly[] => {
    const watch = new Watch();
    return all.flatMap((one) => watch.add(one) ?? []);
  };

  it('sees nothing in noise, in a falling loss and in a short curve', () => {
    expect(seen(points(300))).toEqual([]);
    expect(seen([...points(10), point(11, { loss: 50 })])).toEqual([]);
    expect(seen([...Array(40).fill(point(1, { loss: 0 })), point(2, { loss: 0 })])).toEqual([]);
    expect(seen(points(300).map((one, i) => ({ ...one, gradNorm: 1 + (i % 7) })))).toEqual([]); // norms are restless
  });

  it('sees a spike of loss or gradient norm, and figures that are no number', () => {
    const [spike] = seen([...points(100), point(101, { loss: 9 })]);
    expect(spike).toMatchObject({ kind: 'spike', step: 101, figure: 'loss', value: 9 });
    expect(spike.expected).toBeCloseTo(6.3, 1);
    expect(seen([...points(100), point(101, { gradNorm: 1000 })])).toMatchObject([
      { kind: 'spike', step: 101, figure: 'gradNorm', value: 1000, expected: 1 },
    ]);
    expect(seen([point(1, { loss: Number.NaN })])).toMatchObject([{ kind: 'not_finite', step: 1, figure: 'loss' }]);
    expect(seen([...points(3), point(4, { gradNorm: Number.POSITIVE_INFINITY })])).toMatchObject([
      { kind: 'not_finite', figure: 'gradNorm' },
    ]);
  });

  it('tells a jump that stays once, and the next one again', () => {
    const jump = points(300).map((one) => (one.step > 150 ? { ...one, loss: one.loss * 1.5 } : one));
    expect(seen(jump).map(({ kind, step }) => [kind, step])).toEqual([['spike', 151]]);
    const two = points(100).map((one) => ([50, 80].includes(one.step) ? { ...one, loss: 20 } : one));
    expect(seen(two).map(({ step }) => step)).toEqual([50, 80]);
  });

  it('sees a loss that climbs slowly', () => {
    const climbing = points(399).map((one) =>
      one.step > 99 ? { ...one, loss: 3 * 2.45 ** ((one.step - 99) / 300) } : one,
    );
    const drifts = seen(climbing.map((one) => (one.step > 99 ? one : { ...one, loss: 3 + noise[one.step] })));
    expect(drifts).toMatchObject([{ kind: 'drift', figure: 'loss' }]);
    expect(drifts[0].step).toBeLessThan(250);
    expect(anomalyText(drifts[0], 200, { steps: 9, seconds: 18 })).toMatch(
      /median loss of 64 steps 3\.\d+, lowest one before [23]\.\d+; back to step 200: 9 steps, 18 s again$/,
    );
  });

  it('says what a rewind costs', () => {
    const [anomaly] = seen([...points(100), point(101, { loss: Number.NaN })]);
    expect(anomalyText(anomaly, 80, { steps: 21, seconds: 42 })).toBe(
      'step 101: loss NaN; back to step 80: 21 steps, 42 s again',
    );
  });

  it('names the first tensor that is not finite, weights before gradients', async () => {
    const gpu = await sharedGpu();
    const config = modelConfig({ vocabSize: 61, depth: 2, width: 32, context: 16 });
    const arena = new Arena(gpu, config);
    arena.initialise(config, 1);
    expect(await firstNotFinite(arena)).toBeUndefined();
    const spoil = (part: 'params' | 'grads', name: string): void => {
      const values = new Float32Array(arena.view(part, name).elements);
      values[3] = Number.NaN;
      values[5] = Number.NEGATIVE_INFINITY;
      arena.write(part, name, values);
    };
    spoil('grads', 'model.layers.0.mlp.up_proj.weight');
    spoil('grads', 'model.layers.1.self_attn.q_proj.weight');
    // The backward pass comes to the last layer first.
    expect(await firstNotFinite(arena)).toMatchObject({
      part: 'grads',
      name: 'model.layers.1.self_attn.q_proj.weight',
      bad: 2,
    });
    spoil('params', 'model.norm.weight');
    expect(await firstNotFinite(arena)).toMatchObject({
      part: 'params',
      name: 'model.norm.weight',
      bad: 2,
      elements: 32,
    });
    arena.release();
  });
});
