/** Checkpoints on disk: whole or not there, damage named, the best kept, any size. */
import { spawn } from 'node:child_process';
import {
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelConfig } from '../../trainer/model/config.ts';
import { checkpointsIn, openCheckpoint, tokenizerFilesIn, writeCheckpoint } from '../../trainer/record/checkpoint.ts';
import { safetensorsHeader } from '../../trainer/record/safetensors.ts';
import { TensorFile } from '../../trainer/record/tensor-file.ts';
import { temporaryFolder } from '../support.ts';
import { stateOf } from './state.ts';

const root = temporaryFolder('file');
const config = modelConfig({ vocabSize: 61, depth: 1, width: 32, context: 16 });
let count = 0;
const fresh = (): string => join(root, `run-${count++}`);
beforeAll(() => {
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(root, name), '{}');
});

const save = (
  outDir: string,
  step: number,
  keep = 2,
  heldOutBitsPerByte?: number,
  heldOutText?: string,
): Promise<string> => {
  const source = { dtype: 'F32', shape: [100], read: () => new Float32Array(100).fill(step) } as const;
  const files = { 'model.safetensors': new Map([['a', source]]), 'optimizer.safetensors': new Map([['m.a', source]]) };
  const state = stateOf(step, config, { heldOutBitsPerByte, heldOutText });
  return writeCheckpoint(outDir, files, state, tokenizerFilesIn(root), { keep });
};
const names = (outDir: string): string[] => checkpointsIn(outDir).map((dir) => basename(dir));

describe('what stays', () => {
  it('the newest ones and the best', async () => {
    const out = fresh();
    for (const [step, bits] of [
      [10, 2.0],
      [20, 1.5],
      [30, undefined],
      [40, 1.7],
      [50, undefined],
    ] as const) {
      await save(out, step, 2, bits);
    }
    expect(names(out)).toEqual(['step-000020', 'step-000040', 'step-000050']);
    expect(openCheckpoint(out).state.step).toBe(50);
    expect(openCheckpoint(out, { best: true }).state.step).toBe(20);
    await save(out, 60, 1, 1.2);
    expect(names(out)).toEqual(['step-000060']);
  });

  it('the best of each held-out text: figures of different text are not compared', async () => {
    const out = fresh();
    for (const [step, bits, text] of [
      [10, 1.0, undefined],
      [20, 1.1, undefined],
      [30, 1.6, 'a'],
      [40, 1.8, 'a'],
      [50, 1.9, 'a'],
    ] as const) {
      await save(out, step, 1, bits, text);
    }
    expect(names(out)).toEqual(['step-000010', 'step-000030', 'step-000050']);
    expect(openCheckpoint(out, { best: true }).state.step).toBe(30);
  });
});

describe('going back', () => {
  it('drops the steps that the run has gone back behind', async () => {
    const out = fresh();
    for (const step of [10, 20, 30]) await save(out, step, 3);
    rmSync(join(out, 'step-000030', 'model.safetensors'));
    expect(openCheckpoint(out).state.step).toBe(20);
    await save(out, 25, 1);
    expect(names(out)).toEqual(['step-000025']);
  });
});

describe('damage', () => {
  it.each([
    [
      'a cut file',
      'model.safetensors',
      (path: string) => truncateSync(path, 200),
      /model.safetensors: has 200 bytes, expected \d+/,
    ],
    ['a flipped bit', 'optimizer.safetensors', flip, /optimizer.safetensors: has checksum [0-9a-f]{16}, expected/],
    ['a missing file', 'model.safetensors', (path: string) => rmSync(path), /model.safetensors: is missing/],
    ['a torn state', 'state.json', (path: string) => truncateSync(path, 50), /state.json: not valid JSON/],
    ['no state', 'state.json', (path: string) => rmSync(path), /state.json: missing/],
  ])('%s in the newest is named, and the one before is taken', async (_name, file, damage, reason) => {
    const out = fresh();
    await save(out, 10);
    const newest = await save(out, 20);
    damage(join(newest, file));
    const { state, damaged } = openCheckpoint(out);
    expect(state.step).toBe(10);
    expect(damaged).toEqual([{ dir: newest, reason: expect.stringMatching(reason) }]);
    if (file !== 'state.json') {
      expect(() => openCheckpoint(newest)).toThrow(
        expect.objectContaining({ code: 'BAD_CHECKPOINT', message: expect.stringMatching(reason) }),
      );
    }
    rmSync(join(out, 'step-000010'), { recursive: true });
    expect(() => openCheckpoint(out)).toThrow(expect.objectContaining({ code: 'BAD_CHECKPOINT' }));
  });

  function flip(path: string): void {
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(path, bytes);
  }
});

it('reads checkpoints of version 1, which knew no checksums, and refuses later ones', async () => {
  const out = fresh();
  const path = join(await save(out, 10), 'state.json');
  const { files: _files, ...state } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...state, version: 1 }));
  expect(openCheckpoint(out).state).toMatchObject({
    version: 1,
    config: { architecture: 'qwen3', tied: true, softcap: 0 },
  });
  writeFileSync(path, JSON.stringify({ ...state, version: 3 }));
  expect(() => openCheckpoint(out)).toThrow(expect.objectContaining({ code: 'NEWER_FORMAT' }));
});

it('a kill -9 in the middle of a save leaves a whole checkpoint', async () => {
  const out = fresh();
  let first = 1;
  const partials: string[] = [];
  for (let kills = 0; kills < 3 || (partials.length === 0 && kills < 8); kills++) {
    const delayMs = 3 + 6 * kills;
    const child = spawn(process.execPath, [
      '--import',
      'tsx',
      resolve('tests/trainer/save-child.ts'),
      out,
      root,
      String(first),
    ]);
    await new Promise<void>((done, fail) => {
      child.stderr.once('data', (text) => fail(new Error(String(text))));
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL') && done(), delayMs));
    });
    await new Promise((done) => child.once('close', done));
    partials.push(...readdirSync(out).filter((name) => name.startsWith('.step')));
    const { dir, state, damaged } = openCheckpoint(out);
    expect(damaged).toEqual([]);
    expect(state.step).toBeGreaterThanOrEqual(first);
    const file = new TensorFile(join(dir, 'model.safetensors'));
    expect(new Set(file.read('b'))).toEqual(new Set([state.step]));
    file.close();
    first = state.step + 1;
  }
  expect(partials.length).toBeGreaterThan(0); // at least one was killed while it wrote
  await save(out, first);
  expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
});

it('reads a tensor that lies beyond 4 GiB', () => {
  const path = join(root, 'large.safetensors');
  const large = 2 ** 30 + 1; // elements: 4 GiB and 4 bytes
  const header = safetensorsHeader(
    new Map([
      ['large', { dtype: 'F32', shape: [large] }],
      ['small', { dtype: 'F32', shape: [2] }],
    ]),
  );
  const file = openSync(path, 'w'); // sparse: the zeros take no room on the disk
  writeSync(file, header);
  ftruncateSync(file, header.length + large * 4);
  writeSync(file, new Uint8Array(Float32Array.of(1.5, -2).buffer), 0, 8, header.length + large * 4);
  const opened = new TensorFile(path);
  expect(Array.from(opened.read('small'))).toEqual([1.5, -2]);
  opened.close();
});

it('keeps what a resume needs beside the weights', async () => {
  const extra = { kernels: { matmul: '8x8x2' }, rows: 3 };
  const source = { dtype: 'F32', shape: [1], read: () => Float32Array.of(1) } as const;
  const files = { 'model.safetensors': new Map([['a', source]]), 'optimizer.safetensors': new Map() };
  const out = fresh();
  await writeCheckpoint(out, files, stateOf(1, config, { extra }), tokenizerFilesIn(root));
  expect(openCheckpoint(out).state.extra).toEqual(extra);
});
