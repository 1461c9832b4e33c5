/**
 * One short stay on a machine with a GPU, everything in one JSON file, written again after every stage so that a stay
 * that is cut off leaves what it reached:
 *
 *   facts   limits, features, matrix configurations
 *   check   every kernel, and every variant that tuning would try, against its f64 reference on this adapter
 *   tune    the fastest variants for the models below, in f32 and f16, kept in the user's cache
 *   bench   peaks, matmuls, whole steps with their rooflines, naive kernels
 *   peers   PyTorch eager and compiled, f32 and bf16, with the same models and AdamW (torch of the machine)
 *
 *   node --import tsx tests/bench/trainer/gpu-stay.ts --out stay.json [--models 1M,124M] [--stages check,bench] [--python python3]
 *
 * As one file for a bare machine that has only node_modules/webgpu and node_modules/koffi:
 *   npx esbuild tests/bench/trainer/gpu-stay.ts --bundle --platform=node --format=esm --external:webgpu --external:koffi \
 *     --banner:js='import { createRequire as from } from "node:module"; const require = from(import.meta.url);' --outfile=dist/gpu-stay.mjs
 */
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { reasonOf } from '../../../crawlers/errors.ts';
import type { CommandContext } from '../../../crawlers/shell/command.ts';
import { type AdapterChoice, openGpu } from '../../../trainer/adapter.ts';
import {
  BENCH_MODELS,
  type BenchModel,
  bench,
  benchModel,
  benchRows,
  benchText,
  tuneModels,
} from '../../../trainer/bench-command.ts';
import { gpuKernels } from '../../../trainer/kernels/candidates.ts';
import { allKernels } from '../../../trainer/kernels/index.ts';
import type { Storage } from '../../../trainer/kernels/kernel.ts';
import { matricesWork, probeMatrices } from '../../../trainer/probe.ts';
import { missingFeatures, toleranceOf, wgslError } from '../../../trainer/proofs/kernels.ts';

const { values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    out: { type: 'string', default: 'gpu-stay.json' },
    models: { type: 'string', default: '1M,124M' },
    stages: { type: 'string', default: 'check,tune,bench,peers' },
    python: { type: 'string', default: 'python3' },
    adapter: { type: 'string', default: 'auto' },
    only: { type: 'string', default: '.' },
    probe: { type: 'boolean', default: false },
  },
});
const option = (name: string): string => String(values[name as keyof typeof values]);

const gpu = await openGpu(option('adapter') as AdapterChoice);
if (values.probe) process.exit((await probeMatrices(gpu)) ? 0 : 1);

const started = performance.now();
const say = (text: string): void => console.error(`${((performance.now() - started) / 1000).toFixed(0)} s  ${text}`);
const context = { report: { note: say }, signal: new AbortController().signal } as unknown as CommandContext;
const stay: Record<string, unknown> = { facts: gpu.facts, node: process.version };
const keep = (part: string, value: unknown): void => {
  stay[part] = value;
  writeFileSync(option('out'), `${JSON.stringify(stay, null, 1)}\n`);
};
const models = option('models').split(',') as BenchModel[];
const storages: Storage[] = gpu.device.features.has('shader-f16') ? ['f32', 'f16'] : ['f32'];

const stages: Record<string, () => Promise<void>> = {
  async check() {
    const trusted = await matricesWork(gpu.facts);
    keep('matricesWork', trusted);
    const kernels = new Map(
      storages
        .flatMap((storage) => [
          ...allKernels(storage),
          ...(gpu.facts.kind === 'gpu' ? gpuKernels(storage, gpu.facts) : []),
        ])
        .filter(({ name }) => new RegExp(option('only')).test(name) && (trusted || !name.includes('subgroup')))
        .map((kernel) => [kernel.name, kernel]),
    );
    const faults: string[] = [];
    let checked = 0;
    for (const kernel of kernels.values()) {
      if (missingFeatures(gpu, kernel).length > 0) continue;
      // A configuration of another GPU is not this one's fault.
      if (/subgroup_.*_8x8x8x8|subgroup_.*x8x8x8x8$/.test(kernel.name) && gpu.facts.subgroupMaxSize !== 8) continue;
      checked++;
      try {
        const { error, at } = await wgslError(gpu, kernel);
        if (!(error < toleranceOf(kernel))) faults.push(`${kernel.name}: off by ${error} in ${at}`);
      } catch (error) {
        faults.push(`${kernel.name}: ${reasonOf(error)}`);
      }
      if (checked % 50 === 0) say(`${checked} of ${kernels.size} kernels, ${faults.length} faults`);
    }
    keep('check', { checked, faults });
    say(`check: ${checked} kernels, ${faults.length} faults ${faults.slice(0, 5).join('; ')}`);
  },

  async tune() {
    keep('tune', await tuneModels(gpu, models, storages, context, false));
  },

  async bench() {
    for (const optimizer of ['adamw', 'muon'] as const) {
      const options = {
        models,
        storages,
        optimizer,
        steps: 10,
        naive: optimizer === 'adamw' && gpu.facts.kind !== 'gpu',
      };
      const report = await bench(gpu, options, context);
      keep(`bench ${optimizer}`, report);
      console.log(benchText(report, 12));
    }
  },

  async peers() {
    const rows: unknown[] = [];
    const script = ['pytorch.py', 'tests/bench/trainer/pytorch.py'].find(existsSync);
    if (!script) return keep('peers', 'pytorch.py is not here');
    for (const model of models) {
      const { vocabSize: vocab, layers, width, heads, keyHeads, headSize, hidden, context: T } = benchModel(model);
      const sizes = { vocab, layers, width, heads, keyHeads, headSize, hidden, context: T };
      const given = JSON.stringify({
        ...sizes,
        rows: benchRows(model, gpu.facts),
        steps: gpu.facts.kind === 'gpu' ? 20 : 3,
      });
      for (const dtype of ['f32', 'bf16']) {
        for (const mode of [[], ['--compile']]) {
          const matmul = gpu.facts.kind === 'gpu' ? '4096' : '256';
          const command = [script, given, '--dtype', dtype, '--matmul', matmul, ...mode];
          try {
            const { stdout } = await promisify(execFile)(option('python'), command, { timeout: 240_000 });
            rows.push({ model, ...JSON.parse(stdout) });
          } catch (error) {
            rows.push({ model, dtype, mode, failed: reasonOf(error).slice(0, 500) });
          }
          keep('peers', rows);
          say(JSON.stringify(rows.at(-1)));
        }
      }
    }
  },
};

keep('models', Object.fromEntries(models.map((model) => [model, BENCH_MODELS[model]])));
say(`${gpu.facts.name}: matrices ${JSON.stringify(gpu.facts.matrixConfigs)}`);
for (const stage of option('stages').split(',')) {
  say(`stage ${stage}`);
  try {
    await stages[stage]();
  } catch (error) {
    keep(`${stage} failed`, reasonOf(error));
    say(`${stage} failed: ${reasonOf(error)}`);
  }
}
process.exit(0);
