/** Duplicates in a folder of shards: what stands for which, over nights, in any order, and in folders of before. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocuments, readRejects } from '../../shards/documents/read.ts';
import { readDocumentManifest } from '../../shards/manifest.ts';
import { verify } from '../../shards/verify/verify.ts';
import { shuffled } from '../cleaning/duplicate-pool.ts';
import { story } from '../cleaning/support.ts';
import { context, range, temporaryFolder } from '../support.ts';

type Options = Omit<Parameters<typeof cleanInputs>[0], 'inputs' | 'outDir'>;

/** A night that reads these texts by their ids. */
async function night(dir: string, name: string, texts: Readonly<Record<string, string>>, options: Options = {}) {
  const input = join(dir, `${name}.jsonl`);
  writeFileSync(
    input,
    Object.entries(texts)
      .map(([id, text]) => `${JSON.stringify({ id, text })}\n`)
      .join(''),
  );
  await cleanInputs({ inputs: [input], outDir: join(dir, 'out'), threads: 0, ...options }, context());
  expect((await verify(join(dir, 'out'), context())).faults).toEqual([]);
}

async function standing(dir: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const batch of readDocuments(join(dir, 'out'))) {
    for (const row of range(batch.rows)) ids.push(batch.string('id', row));
  }
  return ids.sort();
}

async function duplicates(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of readRejects(join(dir, 'out'))) {
    for (const row of range(batch.rows)) {
      const [id, stage, reason, other] = (['id', 'stage', 'reason', 'other'] as const).map((name) =>
        batch.string(name, row),
      );
      found.push(`${id}: ${stage} ${reason} of ${other}`);
    }
  }
  return found.sort();
}

const whole = story(1, 40);
const excerpt = whole
  .split(/(?<=\.) /)
  .slice(12, 20)
  .join(' ');

it('an excerpt goes, and leaves when what holds it comes a night later', async () => {
  const dir = temporaryFolder();
  await night(dir, 'first', { excerpt, other: story(2, 10) });
  expect(await standing(dir)).toEqual(['excerpt', 'other']);
  await night(dir, 'second', { whole, again: `${excerpt} Hết.` });
  expect(await standing(dir)).toEqual(['other', 'whole']);
  expect(await duplicates(dir)).toEqual(['again: near excerpt of whole', 'excerpt: near excerpt of whole']);
});

it('a folder whose store knows no texts learns them from its shards', async () => {
  const dir = temporaryFolder();
  await night(dir, 'first', { whole, other: story(2, 10) });
  const store = new Database(join(dir, 'out', 'dedup.sqlite'));
  for (const table of ['texts', 'anchor_runs', 'anchor_blocks']) store.exec(`DROP TABLE ${table}`);
  store.exec("UPDATE meta SET value = '3' WHERE name = 'format'");
  store.close();
  await night(dir, 'second', { excerpt, copy: `${story(2, 10)} Hết.` });
  expect(await standing(dir)).toEqual(['other', 'whole']);
  expect(await duplicates(dir)).toEqual(['copy: near near_duplicate of other', 'excerpt: near excerpt of whole']);
});

it('--dedup-order stable: the longest stays, whatever came first, and its folder goes on so', async () => {
  const texts = Object.entries({ excerpt, whole, copy: `${whole} Hết.`, other: story(2, 10), again: story(2, 10) });
  for (const seed of [1, 2, 3]) {
    const dir = temporaryFolder();
    await night(dir, 'first', Object.fromEntries(shuffled(texts, seed)), { dedupOrder: 'stable' });
    // Of two that are equal the first name.
    expect(await standing(dir)).toEqual(['again', 'copy']);
    expect(await duplicates(dir)).toEqual([
      'excerpt: near excerpt of copy',
      'other: exact exact_duplicate of again',
      'whole: near near_duplicate of copy',
    ]);
    expect(readDocumentManifest(join(dir, 'out')).recipe).toMatchObject({ dedupOrder: 'stable', passages: 'cut' });
    await night(dir, 'second', { third: story(3, 10) });
    expect(readDocumentManifest(join(dir, 'out')).recipe.dedupOrder).toBe('stable');
  }
});
