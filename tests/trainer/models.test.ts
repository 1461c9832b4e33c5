/** The models of a run's folder, without a GPU: what is due, what its gate lets through, and what a kill leaves in force. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verify } from '../../shards/verify/verify.ts';
import {
  besideInForce,
  forgetOlder,
  modelFolder,
  nextModel,
  putInForce,
  readModels,
  type StoredModel,
  writeRecord,
} from '../../trainer/record/models.ts';
import { verifyModel } from '../../trainer/record/verify.ts';
import { type Attempt, dueOf, otherShape, passesGate } from '../../trainer/run/model-gates.ts';
import { context, temporaryFolder } from '../support.ts';

const DAY = 86_400_000;
const identity = { tokens: 'a', vocabSize: 400, paddedVocab: 416, steps: 300, peak: 0.03 };
const last: Attempt = { identity, textBytes: 1000, begun: 10 * DAY };
const more = { ...identity, tokens: 'b' };
const tonight = { identity: more, textBytes: 1100, begun: 11 * DAY };
const always = { modelGrownBy: 0, modelEvery: 1 };

it.each<[string, Attempt | undefined, Required<Attempt>, typeof always, boolean]>([
  ['there is none', undefined, tonight, { modelGrownBy: 9, modelEvery: 9 }, true],
  ['nothing changed', last, { ...tonight, identity }, always, false],
  ['there are new tokens', last, tonight, always, true],
  ['a tenth more, a twentieth asked for', last, tonight, { ...always, modelGrownBy: 0.05 }, true],
  ['a tenth more, half asked for', last, tonight, { ...always, modelGrownBy: 0.5 }, false],
  ['the next night, each third asked for', last, tonight, { ...always, modelEvery: 3 }, false],
  [
    'the third night, an hour early',
    last,
    { ...tonight, begun: 13 * DAY - DAY / 24 },
    { ...always, modelEvery: 3 },
    true,
  ],
  ['a clock that was ahead', last, { ...tonight, begun: 5 * DAY }, { ...always, modelEvery: 3 }, true],
  ['of an older version', { identity }, tonight, { modelGrownBy: 9, modelEvery: 9 }, true],
  [
    'other steps, whatever has grown',
    last,
    { ...tonight, identity: { ...more, steps: 320 } },
    { modelGrownBy: 9, modelEvery: 9 },
    true,
  ],
  [
    'another tokenizer, not grown',
    last,
    { ...tonight, identity: { ...more, vocabSize: 500 } },
    { ...always, modelGrownBy: 9 },
    false,
  ],
])('trains: %s', (_, before, night, policy, trains) => {
  expect(dueOf(before, night, policy).trains).toBe(trains);
});

it.each([
  [undefined, 9, 0, true],
  [2, 2, 0, true],
  [2, 2.001, 0, false],
  [2, 2.04, 0.02, true],
  [2, 2.041, 0.02, false],
  [2, 1, 0, true],
  [2, Number.NaN, 0.5, false],
])('gate: in force %s, new %s, tolerance %s', (before, bitsPerByte, tolerance, passes) => {
  expect(passesGate(before, bitsPerByte, tolerance)).toBe(passes);
});

it('goes on from a model of the same shapes, however long that was trained', () => {
  const begun = 1;
  const identity = { tokens: 'a', layers: 2, context: 64, steps: 200, warmupSteps: 20, optimizer: 'muon' };
  const last = { identity: { ...identity, steps: 67, warmupSteps: 6.7 } };
  const tonight = { identity, textBytes: 1, begun };
  const policy = { modelGrownBy: 0, modelEvery: 1 };
  expect(dueOf(last, tonight, { ...policy, model: 'continue' })).toEqual({ trains: false });
  expect(dueOf(last, tonight, { ...policy, model: 'restart' })).toMatchObject({
    trains: true,
    why: 'steps was 67, now 200',
  });
  expect(otherShape(last.identity, { ...identity, tokens: 'b', context: 128 })).toBeUndefined();
  expect(otherShape(last.identity, { ...identity, layers: 3 })).toBe('layers was 2, now 3');
});

/** A model with a checkpoint whose two files say which one it is. */
function grow(out: string): StoredModel {
  const place = nextModel(out, readModels(out));
  const { inForce } = readModels(out);
  fill(place.dir, place.name);
  const verdict = { accepted: true, bitsPerByte: 1, beforeName: inForce?.name, tolerance: 0 };
  return writeRecord(place, { begun: '', textBytes: 1, heldOut: '', verdict });
}
function fill(dir: string, name: string): void {
  const checkpoint = join(dir, 'step-000010');
  mkdirSync(checkpoint, { recursive: true });
  for (const file of ['a', 'b']) writeFileSync(join(checkpoint, file), name);
}
const seen = (out: string): string[] =>
  ['a', 'b'].map((file) => readFileSync(join(out, 'model', 'step-000010', file), 'utf8'));

it('keeps the model in force, the one before it, and the newest', () => {
  const out = temporaryFolder();
  for (const name of ['000001', '000002', '000003']) {
    const model = grow(out);
    expect(model.name).toBe(name);
    expect(readModels(out).newest?.name).toBe(name);
    putInForce(out, model);
    forgetOlder(out);
    expect(seen(out)).toEqual([name, name]);
    expect(modelFolder(out)).toBe(join(out, 'models', name));
  }
  const growing = nextModel(out, readModels(out));
  forgetOlder(out);
  expect(readModels(out)).toMatchObject({ inForce: { name: '000003' }, newest: { name: growing.name } });
  expect(besideInForce(out).map(({ name }) => name)).toEqual(['000002', '000004']);
});

it('verify says what stands beside the model in force', async () => {
  const out = temporaryFolder();
  for (let n = 0; n < 2; n++) putInForce(out, grow(out));
  const refused = grow(out);
  const verdict = { accepted: false, bitsPerByte: 2.5, before: 2.4, tolerance: 0.02 };
  writeRecord(refused, { ...refused.record!, verdict });
  fill(nextModel(out, readModels(out)).dir, 'growing');
  const { notes } = await verify(out, context(), [verifyModel]);
  expect(notes.map((note) => note.slice(out.length + 1))).toEqual([
    'models/000001: the model before the one in force',
    'models/000003: refused by its gate: 2.5000 bits per byte, in force 2.4000',
    'models/000004: growing, not in force: step-000010',
  ]);
});

it('takes the place of a folder of an older version, and of a copy that followed links', () => {
  const out = temporaryFolder();
  fill(join(out, 'model'), 'old');
  expect(readModels(out)).toMatchObject({ inForce: { name: '000000' }, newest: undefined });
  putInForce(out, grow(out));
  expect(seen(out)).toEqual(['000001', '000001']);
  expect(besideInForce(out).map(({ name }) => name)).toEqual(['000000']);

  const copy = temporaryFolder();
  cpSync(out, copy, { recursive: true, dereference: true });
  expect(lstatSync(join(copy, 'model')).isDirectory()).toBe(true);
  expect(readModels(copy)).toMatchObject({ inForce: { name: '000001' }, newest: undefined });
  putInForce(copy, grow(copy));
  expect(seen(copy)).toEqual(['000002', '000002']);
});

it('reads the new model where a kill came between the two renames of an older folder', () => {
  const out = temporaryFolder();
  fill(join(out, 'model'), 'old');
  const model = grow(out);
  renameSync(join(out, 'model'), join(out, 'models', '000000'));
  expect(modelFolder(out)).toBe(model.dir);
  expect(modelFolder(join(out, 'model'))).toBe(model.dir);
  expect(readModels(out)).toMatchObject({ inForce: undefined, newest: { name: model.name } });
  putInForce(out, readModels(out).newest!);
  expect(seen(out)).toEqual([model.name, model.name]);
});

it('a kill -9 at any moment leaves one whole model in force', async () => {
  const out = temporaryFolder();
  const args = [join(import.meta.dirname, 'models-child.mjs'), out];
  let before = 0;
  for (let life = 0; life < 3; life++) {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), 5 + 7 * life));
    await new Promise((done) => child.on('close', done));
    const [a, b] = seen(out);
    expect(a).toBe(b);
    expect(Number(a)).toBeGreaterThan(before);
    expect(existsSync(join(out, 'models', a))).toBe(true);
    before = Number(a);
  }
});
