/**
 * What `vua export tokens` costs: 20 M tokens of 20,000 documents, each engine in this process, by CPU time.
 *
 *   node --import tsx tests/bench/shards/export-tokens.ts [documents]
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN_FORMATS } from '../../../shards/export/formats.ts';
import { exportTokens } from '../../../shards/export/tokens/export.ts';
import { openTokens } from '../../../shards/tokens/source.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { makeTokens } from '../../shards/token-folder.ts';
import { cpuSeconds } from '../cpu.ts';

const count = Number(process.argv[2] ?? 20_000);
const work = makeTemporaryFolder();
try {
  const { dir, endId } = await makeTokens(work, {
    ...{ count, vocabSize: 32_768, longest: 1_000_000, mean: 1000, batchTokens: 1 << 20, shardTokens: 1 << 26 },
    keep: false,
  });
  const folder = await openTokens(dir);
  const tokens = folder.manifest.shards.reduce((sum, { rows }) => sum + rows, 0);
  console.log(
    `${(tokens / 1e6).toFixed(1)} M tokens, ${((2 * tokens) / 1e6).toFixed(0)} MB; MB of tokens per second of CPU`,
  );
  const read = await cpuSeconds(async () => {
    for (const split of ['train', 'valid'] as const) {
      const source = folder.source(split);
      for (let i = 0; i < source.batchTokens.length; i++) await source.load(i);
    }
  });
  console.log(`read and verified alone  ${((2 * tokens) / 1e6 / read).toFixed(0)}`);
  for (const to of TOKEN_FORMATS) {
    const times: number[] = [];
    for (const turn of [0, 1, 2]) {
      const out = join(work, `${to}-${turn}`);
      times.push(await cpuSeconds(() => exportTokens({ dir, out, to, endId })));
      rmSync(out, { recursive: true });
    }
    console.log(`${to.padEnd(10)} ${((2 * tokens) / 1e6 / Math.min(...times)).toFixed(0)}`);
  }
  console.log(`most memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
