/** `vua explain` and `--what-if` read the columns that they need: what they cost does not grow with the text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { explain } from '../../shards/explain/explain.ts';
import { whatIf } from '../../shards/explain/what-if.ts';
import { expectSteady } from '../growth.ts';
import { range, temporaryFolder, thrownBy } from '../support.ts';
import { document, drop, writeFolder } from './support.ts';

const { signal } = new AbortController();

it('texts are not read, but of what is asked for, which is verified', async () => {
  const dir = temporaryFolder();
  const texts = range(60).map((n) => document(n));
  const { documents } = writeFolder(dir, texts, { drops: range(5).map((n) => drop(n)) });
  expect(documents[0].batches.length).toBeGreaterThan(4);
  const sound = await whatIf(dir, { too_short: 0.1 }, signal);
  const path = join(dir, documents[0].file);
  const bytes = readFileSync(path);
  const at = bytes.indexOf(texts[30].text);
  expect(at).toBeGreaterThan(0);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
  expect(await whatIf(dir, { too_short: 0.1 }, signal)).toEqual(sound);
  expect(await explain(dir, 'd0', signal)).toMatchObject([{ outcome: 'kept', text: texts[0].text }]);
  expect(await explain(dir, 'http://bao.vua.test/x-3', signal)).toMatchObject([
    { outcome: 'dropped', text: 'Ngắn quá.' },
  ]);
  expect(await thrownBy(() => explain(dir, 'd30', signal))).toMatchObject({ code: 'BAD_SHARD' });
  expect(await thrownBy(() => explain(dir, 'd60', signal))).toMatchObject({ code: 'UNKNOWN_DOCUMENT' });
});

const long = (n: number) => (length: number) => {
  const dir = temporaryFolder();
  const text = 'nước lên cao '.repeat(length);
  writeFolder(
    dir,
    range(n).map((i) => document(i, { text: `${i} ${text}` })),
    { batchBytes: 4 << 20 },
  );
  return dir;
};

it('explaining a document costs the same, however long the others are', () =>
  expectSteady(long(100), (dir) => explain(dir, 'd1', signal), { from: 4000, most: 2 }));

it('other thresholds cost the same, however long the texts are', () =>
  expectSteady(long(100), (dir) => whatIf(dir, { too_short: 10 }, signal), { from: 4000 }));
