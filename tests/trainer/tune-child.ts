/** Tunes one small product as `vua tune`'s process does, in the findings' file of its argument, and dies at one variant. */

import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { tuneMatmuls } from '../../trainer/bench/tune.ts';
import { onwards, type TuneFindings } from '../../trainer/bench/tune-apart.ts';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { sayFinding } from '../../trainer/gpu/findings.ts';
import { kernelsFor } from '../../trainer/kernels/choice.ts';

const gpu = await openGpu('embedded');
const problem = { layout: 'nt', epilogue: 'write', from: 'f32', into: 'f32' } as const;
const products = [8, 64].map((N) => ({ problem, dims: { M: 8, N, K: 8 } }));
const options = onwards(readJsonIfPresent<TuneFindings>(process.argv[2]) ?? {}, sayFinding);
await tuneMatmuls(gpu, kernelsFor(gpu.facts), products, {
  ...{ storage: 'f32', atLeastMs: 1, rounds: 1 },
  ...options,
  excludes: (tile, name) =>
    options.excludes(tile, name) ?? (['lanes_8x8x1', 'lanes_8x8x2'].includes(name) ? undefined : 'not in this test'),
  onTry(key, tile) {
    options.onTry(key, tile);
    if (tile === 'lanes_8x8x1') process.kill(process.pid, 'SIGSEGV');
  },
});
process.exit(0);
