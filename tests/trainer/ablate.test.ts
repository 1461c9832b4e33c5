/** Ablations: what a planted difference and equal arms come out as, windows, and two arms trained, stopped and gone on with. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SharedPassages } from '../../cleaning/vietnamese/terms.ts';
import { writeTokenShards } from '../../tokenizer/write-tokens.ts';
import { readAblation } from '../../trainer/commands/ablate.ts';
import { modelConfig } from '../../trainer/model/config.ts';
import { ablate } from '../../trainer/run/ablate.ts';
import { ablationChart, ablationText } from '../../trainer/run/ablation-text.ts';
import { causalFlopsPerToken, flopsPerToken } from '../../trainer/run/flops.ts';
import { type EvalDocument, type RecordedRun, seedFactorOf, tableOf } from '../../trainer/score/ablation.ts';
import { natsInWindows, windowsOf } from '../../trainer/score/eval-set.ts';
import { story } from '../cleaning/support.ts';
import { document, writeFolder } from '../shards/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { writeTokenizer } from './support.ts';

/** Uniform and normal numbers that a seed gives. */
function numbers(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const documents: EvalDocument[] = range(100).map((n) => ({
  ...{ hash: String(n), bytes: 1000 + 130 * (n % 17), source: `s${n % 4}`, set: 'test' as const },
}));

/** A training whose documents differ by much, its seed by little and its arm by `shift` bits per byte. */
function recorded(seed: number, arm: number, shift: number): RecordedRun {
  const [own, noise] = [numbers(99), numbers(Math.imul(7919 * arm + seed, 0x85ebca6b))];
  const ofSeed = 0.008 * noise();
  const test = documents.map(({ bytes }) => Math.LN2 * bytes * (2 + 0.4 * own() + ofSeed + 0.03 * noise() + shift));
  return { seed, rate: 1, nats: { tune: [], select: [], test } };
}

describe('the table', () => {
  const seeds = range(5);
  const arm = (number: number, repeat: number, shift = 0) => ({
    ...{ arm: `arm ${number}`, runs: seeds.map((seed) => recorded(100 * repeat + seed, number, shift)) },
  });
  const paired = (repeat: number, shift: number) =>
    tableOf(documents, arm(1, repeat), [arm(2, repeat, shift)], 400)[1].difference!;

  it('finds a planted 0.03, and seldom tells equal arms apart', () => {
    const planted = range(20).map((repeat) => paired(repeat, 0.03));
    expect(planted.filter(({ verdict }) => verdict === 'worse').length).toBeGreaterThanOrEqual(16);
    const equal = range(20).map((repeat) => paired(repeat, 0));
    expect(equal.filter(({ verdict }) => verdict !== 'no difference seen').length).toBeLessThanOrEqual(3);
    for (const { least, standardError } of planted) expect(least).toBeCloseTo(2.8 * standardError);
  });

  it('corrects for the number of arms, and asks for the same seeds', () => {
    const one = paired(3, 0.012).p;
    const many = tableOf(documents, arm(1, 3), [arm(2, 3, 0.012), ...range(4).map((n) => arm(3 + n, 3))], 400);
    expect(many[1].difference!.p).toBeGreaterThanOrEqual(one);
    const [first, ...runs] = arm(2, 3).runs;
    expect(() => tableOf(documents, arm(1, 3), [{ arm: 'x', runs }], 100)).toThrow(
      `no training with seed ${first.seed}`,
    );
  });
});

it('twenty-odd lines of Python come to the same table', (test) => {
  const of = (arm: number) => range(3).map((seed) => recorded(seed, arm, 0.01 * arm));
  const [today, other] = [of(0), of(1)];
  const table = tableOf(documents, { arm: 'today', runs: today }, [{ arm: 'other', runs: other }], 300);
  const arms = { other: { runs: other }, today: { runs: today } };
  const path = join(temporaryFolder(), 'ablation.json');
  writeFileSync(path, JSON.stringify({ documents, baseline: 'today', draws: 300, seedFactor: seedFactorOf(3), arms }));
  const python = spawnSync('python3', ['tests/bench/trainer/ablation.py', path], { encoding: 'utf8' });
  if (python.error) test.skip('no python3 here');
  const { delta, standardError, interval, least } = table[1].difference!;
  const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
  expect(
    python.stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
  ).toEqual([
    [
      ...['other', table[1].bitsPerByte.toFixed(4), signed(delta), standardError.toFixed(4)],
      ...[...interval.map(signed), least.toFixed(4)],
    ],
    ['today', table[0].bitsPerByte.toFixed(4)],
  ]);
  const facts = { rate: 1, steps: 3, epochs: 1, flops: 1, config: { context: 8 }, tried: [{ rate: 1, tune: 2 }] };
  const ablation = {
    ...{ table, documents, baseline: 'today', text: 'x', left: 0, shared: [0, 0] },
    arms: { today: facts, other: facts },
  };
  expect(ablationText(ablation as never)).toMatch(/^other .* none seen, above ± 0\.045/m);
  expect(ablationChart(ablation as never)).toContain(`other ${signed(delta)}`);
});

describe('the text', () => {
  it.each([
    [5, [[0, 0, 5]]],
    [8, [[0, 0, 8]]],
    [
      10,
      [
        [0, 0, 8],
        [2, 8, 10],
      ],
    ],
    [
      17,
      [
        [0, 0, 8],
        [4, 8, 12],
        [8, 12, 16],
        [9, 16, 17],
      ],
    ],
  ])('%s tokens are read in windows of 8', (tokens, expected) => {
    expect(windowsOf(tokens, 8).map(({ start, from, to }) => [start, from, to])).toEqual(expected);
  });

  it('every token is predicted once, with half a window before it at least', async () => {
    const seen: number[] = [];
    const model = {
      ...{ rows: 3, config: { context: 8 } },
      losses: async ({ targets }: { readonly targets: Uint32Array }) => {
        for (const target of targets) if (target !== 0xffffffff) seen.push(target);
        return Float32Array.from(targets, (target) => target);
      },
    };
    const ids = [1, 21, 40].map((length, n) => Uint32Array.from({ length: length + 1 }, (_, i) => 100 * n + i));
    const nats = await natsInWindows(model as never, ids);
    expect(nats).toEqual(ids.map((all) => all.slice(1).reduce((sum, one) => sum + one, 0)));
    expect(seen.sort((a, b) => a - b)).toEqual(ids.flatMap((all) => [...all.slice(1)]));
  });

  it('counts words in passages of 13 and 50 that stand in training text', () => {
    const quoted = `${range(20)
      .map((n) => `chữ${n}`)
      .join(' ')}`;
    const own = [`${story(50, 2)} ${quoted}`, story(60, 9), story(70, 2)];
    const passages = new SharedPassages(own);
    for (const text of [`Trước đó ${quoted} sau đó.`, `Mở đầu. ${story(60, 9)}`]) passages.hear(text);
    const [first, whole, none] = passages.shares;
    const [words, ...others] = own.map((text) => text.match(/[\p{L}\p{M}\p{N}]+/gu)!.length);
    expect(passages.share[0]).toBeCloseTo((20 + others[0]) / (words + others[0] + others[1]));
    expect(first[0]).toBeCloseTo(20 / words);
    expect([first[1], ...whole, ...none]).toEqual([0, 1, 1, 0, 0]);
  });

  it('counts causal attention as it is computed', () => {
    const config = modelConfig({ vocabSize: 100, depth: 2, width: 64, context: 32 });
    const attention = 6 * 2 * config.heads * config.headSize;
    expect(flopsPerToken(config) - causalFlopsPerToken(config)).toBe(attention * (2 * 32 - 33));
  });
});

describe('vua ablate', () => {
  it('trains each arm once and goes on where it was stopped', async (test) => {
    if (!process.env.VUA_LONG) test.skip('set VUA_LONG: two trainings of their own, ten seconds');
    const [dir, documentsDir] = [temporaryFolder(), temporaryFolder()];
    const at = (name: string): string => join(dir, name);
    const rows = range(60).map((n) => document(n, { text: `Bài ${n}. ${story(n, 3)}` }));
    writeFolder(documentsDir, rows);
    await writeTokenizer(at('tokenizer'), 300);
    await writeTokenShards({ documents: documentsDir, tokenizer: at('tokenizer'), out: at('tokens'), validShare: 0.3 });
    const train = { depth: 1, width: 32, context: 32, batch: 2, steps: 3, adapter: 'embedded' };
    const arms = { other: { optimizer: 'adamw', 'weight-decay': 0 }, today: {} };
    const config = { ...{ tokens: at('tokens'), out: at('out'), train, arms, baseline: 'today' } };
    const write = (more: object): void =>
      writeFileSync(at('config.json'), JSON.stringify({ ...config, seeds: [1], rates: [1], draws: 200, ...more }));
    write({ arms: { ...arms, other: { steps: 0 } } });
    expect(await thrownBy(() => readAblation(at('config.json')))).toMatchObject({
      ...{
        code: 'BAD_OPTION',
        message: expect.stringMatching(/arm other: steps was given 0: expected an integer ≥ 1/),
      },
    });
    write({ textBytes: 120, textDocuments: 12 });
    const options = readAblation(at('config.json'));
    expect(options.arms.map(({ name }) => name)).toEqual(['today', 'other']);
    const heard = context();
    const report = { ...heard.report, note: (text: string) => text.startsWith('a training takes') && heard.abort() };
    expect((await ablate(options as never, { ...heard, report })).outcome).toBe('interrupted');
    expect(readdirSync(at('out/runs')).length).toBeGreaterThan(0);
    const { report: found } = await ablate(options as never, context());
    expect(readdirSync(at('out/runs')).length).toBe(2);
    const { documents: texts, arms: trained } = found!;
    expect(texts.filter(({ set }) => set === 'test').length).toBe(trained.today.runs[0].nats.test.length);
    expect(Math.abs(trained.other.flops / trained.today.flops - 1)).toBeLessThan(0.5);
    expect(trained.other.options).toEqual({ optimizer: 'adamw', weightDecay: 0 });
  });
});
