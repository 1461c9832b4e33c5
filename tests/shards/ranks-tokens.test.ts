/** Several processes encode together: for any number of them the bytes of one. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTokenManifest } from '../../shards/manifest.ts';
import { rankJobFor } from '../../shards/nights/rank-jobs.ts';
import { mergeTokens } from '../../shards/tokens/merge.ts';
import type { TokenOptions } from '../../shards/tokens/plan.ts';
import { writeTokens, writeTokensOfRank } from '../../shards/tokens/write.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { BOS, byteEncoder } from './nights.ts';
import { document, documentsOf } from './support.ts';

const tokenizerDir = temporaryFolder('file');
for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');

const optionsFor = (documentsDir: string, more: Partial<TokenOptions> = {}): TokenOptions => ({
  ...{ documentsDir, tokenizerDir, outDir: join(temporaryFolder(), 'tokens'), encode: byteEncoder(), vocabSize: 257 },
  ...{ bosId: BOS, validShare: 0.3, batchTokens: 300, shardTokens: 4000, ...more },
});

const filesIn = (dir: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(dir)
      .sort()
      .map((name) => [name, readFileSync(join(dir, name), 'latin1')]),
  );

/** Shards of 60, 6, 3, 2 and 2 documents: the first and the fourth are groups of their own, others stand together. */
const SHARDS = [range(60), range(66).slice(60), range(69).slice(66), [69, 70], [71, 72]];

it('1, 2, 3 and 8 ranks write the tokens of one process, to the byte, into a new folder and beside old ones', async () => {
  const alone = optionsFor('');
  const folders = [1, 2, 3, 8].map((of) => ({ of, options: optionsFor('') }));
  for (const [shards, grown] of [
    [3, folders],
    [4, folders.slice(1, 2)],
    [5, folders.slice(1, 2)],
  ] as const) {
    const documentsDir = documentsOf(SHARDS.slice(0, shards));
    await writeTokens({ ...alone, documentsDir }, context());
    for (const { of, options } of grown) {
      // The last first, and each twice: nothing changes.
      for (const index of [...range(of).reverse(), ...range(of)])
        await writeTokensOfRank({ ...options, documentsDir }, { index, of }, context());
      expect((await mergeTokens(options.outDir, context()))?.outcome).toBe('written');
      expect(filesIn(options.outDir)).toEqual(filesIn(alone.outDir));
      expect(readdirSync(join(options.outDir, '..'))).toEqual(['tokens']);
      const again = await writeTokensOfRank({ ...options, documentsDir }, { index: 0, of }, context());
      expect(again.outcome).toBe('nothing_new');
    }
  }
  expect(readTokenManifest(alone.outDir).shards.map(({ from }) => from!.length)).toEqual([1, 1, 4, 1, 4]);
}, 120_000);

it('says which shards are missing, and a rank that lost some makes them again', async () => {
  const options = optionsFor(documentsOf(SHARDS));
  const rank = async (index: number, of: number) => (await writeTokensOfRank(options, { index, of }, context())).report;
  expect(await rank(1, 3)).toEqual({ whole: 2, of: 5 });
  const partial = `${options.outDir}.partial`;
  const first = join(partial, 'documents-00001');
  const file = join(first, readdirSync(first).find((name) => name.endsWith('.arrow'))!);
  truncateSync(file, 700);
  // Begun by a rank that was killed.
  mkdirSync(join(partial, '.documents-00000.abcdef'));
  const error = await thrownBy(() => mergeTokens(options.outDir, context()));
  expect([error.code, error.exitStatus]).toEqual(['INCOMPLETE', 75]);
  expect(error.message).toContain(
    '4 of 5 document shards have no tokens yet: documents-00000.arrow, documents-00001.arrow',
  );
  // Another number of ranks goes on with what stands; ranks without a shard have nothing to do.
  for (const index of range(9)) await rank(index, 9);
  await mergeTokens(options.outDir, context());
  const alone = { ...options, outDir: join(temporaryFolder(), 'tokens') };
  await writeTokens(alone, context());
  expect(filesIn(options.outDir)).toEqual(filesIn(alone.outDir));
});

it('two processes of one rank at once make the bytes of one, with dropout too', async () => {
  // The same text on both sides.
  const same = { text: document(1).text, url: 'a:1' };
  const documentsDir = documentsOf(SHARDS, (n) => (n < 60 ? {} : { ...same, cluster: `d${n}` }));
  const dropout = { share: 0.5, seed: 3, encode: (text: Uint8Array) => Uint16Array.from(text.slice(1)) };
  const options = optionsFor(documentsDir, { dropout });
  const both = { ...options, encode: byteEncoder() };
  await Promise.all([options, both].map((each) => writeTokensOfRank(each, { index: 0, of: 1 }, context())));
  await mergeTokens(options.outDir, context());
  const alone = { ...options, outDir: join(temporaryFolder(), 'tokens') };
  await writeTokens(alone, context());
  expect(filesIn(options.outDir)).toEqual(filesIn(alone.outDir));
});

it('takes only ranks of one making, and goes on after a merge that was killed', async () => {
  const options = optionsFor(documentsOf(SHARDS));
  const rank = { index: 0, of: 1 };
  await writeTokensOfRank(options, rank, context());
  const other = await thrownBy(() => writeTokensOfRank({ ...options, validShare: 0.5 }, rank, context()));
  expect([other.code, other.message]).toEqual(['BAD_OPTION', expect.stringMatching(/began it with other validShare/)]);
  // Two began at once: the folder says what the other makes, and takes nothing that was made otherwise.
  const begun = join(`${options.outDir}.partial`, 'tokens.json');
  const text = readFileSync(begun, 'utf8');
  writeFileSync(begun, text.replaceAll('"validShare":0.3', '"validShare":0.5'));
  expect((await thrownBy(() => mergeTokens(options.outDir, context()))).code).toBe('INCOMPLETE');
  writeFileSync(begun, text);
  // Some shards stood, and the manifest did not.
  const partial = `${options.outDir}.partial`;
  const copy = `${options.outDir}.copy`;
  renameSync(partial, copy);
  await writeTokensOfRank(options, rank, context());
  await mergeTokens(options.outDir, context());
  const whole = filesIn(options.outDir);
  rmSync(join(options.outDir, 'manifest.json'));
  rmSync(join(options.outDir, 'train-00000.arrow'));
  renameSync(copy, partial);
  expect((await mergeTokens(options.outDir, context()))?.outcome).toBe('written');
  expect(filesIn(options.outDir)).toEqual(whole);
  expect(await mergeTokens(options.outDir, context())).toBeUndefined();
});

it('jobs of Slurm go on as long as a pass brought something whole, wherever it stands', () => {
  const folder = temporaryFolder();
  const program = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return join(folder, name);
  };
  program('sbatch', 'echo "$@" >> sbatch.log; echo 7');
  const line = ['export', 'tokens', 'tokens', '--to', 'megatron', '--out', 'out'];
  const { files } = rankJobFor.slurm({ program: [program('vua', 'exit 75')], line, ranks: 3, folder });
  program('next', files['vua-next.sh']);
  const receipts = join(folder, 'out.partial/receipts');
  mkdirSync(receipts, { recursive: true });
  for (const name of ['of.json', 'train-0.json']) writeFileSync(join(receipts, name), '{}');
  mkdirSync(join(folder, 'out.partial/write-0.abcdef')); // of a killed rank
  const next = (before: string) =>
    spawnSync(join(folder, 'next'), {
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, VUA_BEFORE: before },
    });
  expect(next('1').status).toBe(0);
  expect(readFileSync(join(folder, 'sbatch.log'), 'utf8')).toContain('--dependency=afterany:7 vua-next.sh');
  expect([next('2').status, String(next('2').stdout)]).toEqual([1, expect.stringContaining('nothing came')]);
});
