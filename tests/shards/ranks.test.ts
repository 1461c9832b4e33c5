/** Several processes clean together: for any number of them the bytes of one. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../crawlers/shell/folder.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { cleanRank } from '../../shards/ranks/clean.ts';
import { mergeDocuments } from '../../shards/ranks/merge.ts';
import { duplicatePool, shuffled } from '../cleaning/duplicate-pool.ts';
import { story } from '../cleaning/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';

const SHARD_BYTES = 40_000;

/** A pool with copies in other files, documents of one name, pages that stand twice, passages, and a site's furniture. */
function corpus(): string {
  const dir = join(temporaryFolder('file'), 'pool');
  const documents = duplicatePool(1).documents.map(({ id, text }, i) => ({
    id: i % 7 === 0 ? `same${i % 14}` : id,
    ...(i % 5 === 0 && { url: `https://h${i % 3}.test/${i % 40}`, fetched_at: `2024-01-0${1 + (i % 9)}T00:00:00Z` }),
    text,
  }));
  const [long] = documents.map(({ text }) => text).filter((text) => text.length > 900);
  documents.push(...documents.slice(0, 8), {
    id: 'passage',
    text: `${story(1)}\n\n${long.slice(0, 900)}\n\n${story(2)}`,
  });
  const all = shuffled(documents, 5);
  makeFolder(dir);
  for (const file of range(5)) {
    const own = all.filter((_, i) => i % 5 === file);
    writeFileSync(join(dir, `${file}.jsonl`), own.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const paragraphs = (n: number): string => story(900 + n, 8).replace(/[^.]+\./g, '<p>$&</p>');
  for (const n of range(9)) {
    const [head, foot] = ['Trang chủ và tin tức mới nhất của chúng tôi hôm nay', 'Bản quyền thuộc về trang tin này'];
    const body = `<p>${head}</p><article>${paragraphs(n % 7)}</article><p>${foot}</p>`;
    writeFileSync(
      join(dir, `${n}.html`),
      `<html><head><title>Bài ${n} | Tin</title></head><body>${body}</body></html>`,
    );
  }
  return dir;
}

const filesIn = (dir: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(dir)
      .filter((name) => /\.(arrow|json|tsv)$/.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(dir, name), 'latin1')]),
  );

/** Every rank in its turn, until all have ended; `again` runs some of them a second time. */
async function cleanAs(of: number, inputs: string[], outDir: string, again = false): Promise<void> {
  for (let whole = 0; whole < of; ) {
    whole = 0;
    for (const index of range(of)) {
      const options = { inputs, outDir, shardBytes: SHARD_BYTES, threads: 0 };
      if ((await cleanRank(options, { index, of }, context())) === 'whole') whole++;
      if (again) return;
    }
  }
}

it('ranks write what one process writes, to the byte', async () => {
  const dir = temporaryFolder();
  const inputs = [corpus()];
  const alone = join(dir, 'alone');
  const options = { inputs, outDir: alone, dedupOrder: 'stable', shardBytes: SHARD_BYTES, threads: 0 } as const;
  const { report } = await cleanInputs(options, context());
  expect(Object.keys(report.dropped.near ?? {}).length).toBeGreaterThan(1);
  // Eight, of which two are killed: `npm run slurm`.
  for (const of of [3]) {
    const out = join(dir, `ranks${of}`);
    await cleanAs(of, inputs, out);
    const merged = await mergeDocuments(out);
    expect([...filesIn(out).keys()]).toEqual([...filesIn(alone).keys()]);
    expect(filesIn(out)).toEqual(filesIn(alone));
    expect(merged.report.report).toMatchObject({ kept: report.kept, dropped: report.dropped, skipped: report.skipped });
  }
}, 60_000);

it('says what is missing, and takes only ranks of one command', async () => {
  const dir = temporaryFolder();
  const out = join(dir, 'out');
  writeFileSync(join(dir, 'a.jsonl'), `${JSON.stringify({ id: 'a', text: story(1) })}\n`);
  const inputs = [join(dir, 'a.jsonl')];
  await cleanAs(2, inputs, out, true);
  const error = await thrownBy(() => mergeDocuments(out));
  expect([error.code, error.exitStatus]).toEqual(['INCOMPLETE', 75]);
  expect(error.message).toContain('stage measure is not whole: 1 of 2 ranks did not end it: 1');
  expect((await thrownBy(() => cleanAs(3, inputs, out))).message).toContain('of');
  await cleanAs(2, inputs, out);
  expect((await mergeDocuments(out)).report.report.kept).toBe(1);
  expect((await thrownBy(() => cleanAs(2, inputs, out))).code).toBe('BAD_OPTION');
});
