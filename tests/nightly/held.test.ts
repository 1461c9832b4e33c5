/** A night that a gate holds back: kept, not published, not consumed; accepted or rejected by hand. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseOptions } from '../../crawlers/shell/command.ts';
import { heldLine, runCommand } from '../../nightly.ts';
import { gateCommand as gateCommandOf } from '../../shards/commands/gate.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import { nightsOf, readHistory } from '../../shards/nights/history.ts';
import { scrub } from '../../shards/nights/scrub.ts';
import { story } from '../cleaning/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';

const gateCommand = gateCommandOf(async () => heldLine);

const folder = temporaryFolder('file');
const out = join(folder, 'out');
const inputs: string[] = [];

/** A further input: a row for each text. */
function add(night: number, texts: readonly string[], more: readonly object[] = []): void {
  const rows = texts.map((text, i) => ({
    id: `n${night}-${i}`,
    url: `http://bao${i % 5}.vua.test/${night}/${i}`,
    text,
  }));
  inputs.push(join(folder, `night-${night}.jsonl`));
  writeFileSync(inputs.at(-1)!, `${[...rows, ...more].map((row) => JSON.stringify(row)).join('\n')}\n`);
}
const good = (night: number): string[] => range(16).map((i) => story(night * 100 + i));
const english = (i: number): string =>
  range(12)
    .map((k) => `The harbour was quiet in the year ${1900 + i * 13 + k}, and people of the town walked home slowly.`)
    .join(' ');

const OPTIONS = { until: 'tokens', vocabSize: 400, tokenizer: 'never', validShare: 0.2, workers: 0 } as const;
async function run(options: object = {}) {
  const heard = context(true);
  const given = { input: inputs, out, consentField: 'consent', ...OPTIONS, ...options };
  const status = await runCommand.run(
    parseOptions(runCommand, given, (key) => key),
    heard,
  );
  return { status, said: JSON.parse(heard.out.at(-1)!) };
}
async function gate(options: object = {}) {
  const heard = context();
  const status = await gateCommand.run(
    parseOptions(gateCommand, { out, ...options }, (key) => key),
    heard,
  );
  return { status, said: heard.out.join('') };
}
async function ids(): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of readDocuments(join(out, 'documents')))
    for (let row = 0; row < batch.rows; row++) all.push(batch.string('id', row));
  return all.sort();
}
const nightIds = (night: number): string[] => range(16).map((i) => `n${night}-${i}`);

it('is kept and not published, and the next night takes its pages again', async () => {
  add(1, good(1));
  expect(await run()).toMatchObject({ status: 0 });
  const published = readdirSync(join(out, 'snapshots')).length;
  add(2, [...range(12).map(english), ...good(2)]);
  for (const _ of range(2)) {
    expect(await run()).toMatchObject({
      status: 4,
      said: { event: 'held', gates: [{ gate: 'language', limit: 0.2 }] },
    });
    expect(await ids()).toEqual(nightIds(1).sort());
  }
  expect(readdirSync(join(out, 'snapshots')).length).toBe(published);
  expect((await gate()).said).toContain('language: 0.429 (12 of 28 pages), at most 0.2; median of 1 night 0');
  const held = nightsOf(readHistory(out)).filter(({ isHeld }) => isHeld);
  expect(
    held.map(({ status, gates = [] }) => [status, gates.filter(({ passes }) => !passes).map((found) => found.gate)]),
  ).toEqual([
    [4, ['language']],
    [4, ['language']],
  ]);
});

it('accepted, it is published as it was cleaned, and counts from then on', async () => {
  expect(await gate({ accept: true })).toMatchObject({ status: 0 });
  expect((await ids()).filter((id) => id.startsWith('n2'))).toHaveLength(16);
  expect(existsSync(join(out, 'held'))).toBe(false);
  expect(readHistory(out).at(-1)).toMatchObject({ event: 'accepted' });
  expect(await run()).toMatchObject({ status: 99 });
  expect((await thrownBy(() => gate({ accept: true }))).code).toBe('NO_NIGHT_HELD');
});

it('rejected, its pages are passed over; who opted out in it is heard', async () => {
  const optOut = {
    id: 'n1-0',
    url: 'http://bao0.vua.test/1/0',
    text: good(1)[0],
    consent: false,
    fetched_at: '2030-01-01T00:00:00Z',
  };
  add(3, [...range(16).map(() => ' '), ...good(3)], [optOut]);
  expect(await run()).toMatchObject({ status: 4, said: { gates: [{ gate: 'empty' }] } });
  expect((await ids()).includes('n1-0')).toBe(true);
  expect((await gate({ reject: true })).said).toContain('32 pages of the night');
  await run();
  expect((await ids()).filter((id) => /^n3|^n1-0$/.test(id))).toEqual([]);
  add(4, [...range(40).map((i) => english(50 + i)), ...good(4)]);
  expect(await run({ dryRun: true })).toMatchObject({ said: { event: 'prediction', documents: expect.any(Number) } });
  expect(await run()).toMatchObject({ status: 4, said: { gates: [{ gate: 'language' }] } }); // and what was begun is put aside
  expect(await run({ gate: ['language=off'] })).toMatchObject({ status: 0 });
  expect((await ids()).filter((id) => /^n[34]/.test(id))).toHaveLength(16);
});

it('reads its files back in turn, and says 3 for one that rotted', async () => {
  expect(await run({ verifyNights: 1 })).toMatchObject({ status: 99 });
  const whole = nightsOf(readHistory(out)).at(-1)!.verified!;
  expect(whole).toMatchObject({ faults: 0, files: expect.any(Number) });
  const turns = await Promise.all(range(7).map((night) => scrub(out, 7, context(), night)));
  expect(turns.reduce((sum, { files }) => sum + files, 0)).toBe(whole.files);
  const shard = readdirSync(join(out, 'documents')).find((name) => name.startsWith('documents-'))!;
  const path = join(out, 'documents', shard);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  expect(await run({ verifyNights: 1 })).toMatchObject({ status: 3 });
  expect(nightsOf(readHistory(out)).at(-1)).toMatchObject({ status: 3, verified: { faults: 1 } });
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  expect(await run({ verifyNights: 0 })).toMatchObject({ status: 99 });
});

it('a dry run writes nothing', async () => {
  const at = join(folder, 'none');
  expect(await run({ dryRun: true, out: at })).toMatchObject({ said: { nights: 0 } });
  expect(existsSync(at)).toBe(false);
  const before = readFileSync(join(out, 'history.jsonl'), 'utf8');
  await run({ dryRun: true });
  expect(readFileSync(join(out, 'history.jsonl'), 'utf8')).toBe(before);
});
