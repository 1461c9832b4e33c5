/** Token shards in Python: each row once, by numpy, a loader of PyTorch and arrays of JAX, as this program reads them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { makeTokens } from '../trainer/support.ts';

const { VUA_PYTHON: python } = process.env;
const LENGTH = 48;
let folder: string;
let stream: number[];
beforeAll(async () => {
  folder = await makeTokens(60, { shardTokens: 2000 });
  const { source, manifest } = await openTokens(folder);
  expect(manifest.shards.length).toBeGreaterThan(2);
  stream = [];
  for await (const batch of eachBatch(source('train'))) stream.push(...batch);
});

it.for(['numpy', 'torch', 'jax'])('every row once: %s', (library, { skip }) => {
  const has = python !== undefined && spawnSync(python, ['-c', `import numpy, ${library}`]).status === 0;
  if (!has) return skip(`set VUA_PYTHON to a Python with numpy and ${library}`);
  const said = execFileSync(python, ['shards/tokens/iterate.py', folder, String(LENGTH), library], {
    encoding: 'utf8',
  });
  const rows = Math.floor((stream.length - 1) / LENGTH);
  const sum = (from: number): number =>
    stream.slice(from, from + rows * LENGTH).reduce((total, token) => total + token, 0);
  expect(JSON.parse(said)).toEqual([rows, sum(0), sum(1)]);
});
