/**
 * Loss parity: one training run here and once more in PyTorch, the same initial weights, the same batches, no token twice.
 *
 *   node --import tsx tests/golden/parity.ts --tokens DIR --out DIR [--steps 200] [--python python3]
 *
 * Writes DIR/vua.json and, when the Python has torch, DIR/torch.json; prints the differences and draws DIR/parity.svg. 200 steps of 10,240
 * tokens take an hour or two on two cores.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openGpu } from '../../trainer/gpu/adapter.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { openFolders } from '../../trainer/loader/token-folders.ts';
import { modelConfig, storedShape } from '../../trainer/model/config.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { COLOURS, chartSvg } from '../../trainer/record/chart.ts';
import { writeSafetensors } from '../../trainer/record/tensor-file.ts';
import { OPTIMIZER } from '../../trainer/run/recipe-options.ts';
import { learningRate } from '../../trainer/run/schedule.ts';

const { values: args } = parseArgs({
  options: {
    tokens: { type: 'string' },
    out: { type: 'string' },
    steps: { type: 'string', default: '200' },
    python: { type: 'string', default: 'python3' },
    adapter: { type: 'string', default: 'auto' },
  },
});
const [tokensDir, out, steps] = [args.tokens!, args.out!, Number(args.steps)];
const [ROWS, MICRO] = [32, 5];

mkdirSync(out, { recursive: true });
const folders = await openFolders([tokensDir]);
const config = modelConfig({ vocabSize: folders[0].manifest.vocabSize, depth: 2, width: 64, context: 64 });
const schedule = { steps, peak: 0.02, warmupSteps: 20, decayShare: 0.5, floor: 0 };
const rates = Array.from({ length: steps }, (_, i) => learningRate(schedule, i + 1));
const gpu = await openGpu(args.adapter as 'auto');
const trainer = await Trainer.create(gpu, config, { rows: ROWS, optimizer: OPTIMIZER });
trainer.arena.initialise(config, 1);
const initial = [...(await trainer.arena.read('params'))].map(([name, data]) => {
  const shape = storedShape(trainer.arena.parameters.find((parameter) => parameter.name === name)!, config);
  const size = shape.reduce((a, b) => a * b, 1);
  return [name, { dtype: 'F32', shape, read: () => data.subarray(0, size) }] as const;
});
await writeSafetensors(join(out, 'init.safetensors'), new Map(initial));
const run = { config, optimizer: OPTIMIZER, rates, rows: ROWS, accumulate: MICRO };
writeFileSync(join(out, 'run.json'), JSON.stringify(run));

const loader = openLoader(
  folders.map((folder) => folder.source('train')),
  {
    rows: ROWS,
    length: config.context,
    seed: 1,
    paddedVocab: config.paddedVocab,
    layout: 'stream',
    maskDocuments: false,
  },
);
const file = openSync(join(out, 'batches.u32'), 'w');
const losses: number[] = [];
const gradNorms: number[] = [];
const started = performance.now();
for (let step = 0; step < steps; step++) {
  for (let index = 0; index < MICRO; index++) {
    const batch = await loader.next();
    if (batch.state.epoch > 0) throw new Error(`the tokens end at step ${step}: give more text, or fewer --steps`);
    for (const array of [batch.tokens, batch.targets]) writeSync(file, array);
    trainer.microStep(batch, { index, count: MICRO }, rates[step]);
  }
  const [figures] = await trainer.figures(1);
  losses.push(figures.loss);
  gradNorms.push(figures.gradNorm);
  if (step % 20 === 0) {
    const seconds = (performance.now() - started) / 1000;
    console.log(`step ${step + 1}/${steps}  loss ${figures.loss.toFixed(4)}  ${seconds.toFixed(0)} s`);
  }
}
const tokens = steps * MICRO * ROWS * config.context;
writeFileSync(join(out, 'vua.json'), JSON.stringify({ adapter: gpu.facts.name, tokens, losses, gradNorms }));
spawnSync(args.python, [join(import.meta.dirname, 'parity.py'), out], { stdio: 'inherit' });
if (existsSync(join(out, 'torch.json'))) compare();
else console.log('not compared: that Python has no torch');
process.exit(0);

function compare(): void {
  const torch = JSON.parse(readFileSync(join(out, 'torch.json'), 'utf8')) as { version: string; losses: number[] };
  const differences = losses.map((loss, i) => Math.abs(loss - torch.losses[i]));
  const tail = (all: readonly number[]): number => all.slice(-20).reduce((a, b) => a + b) / Math.min(20, all.length);
  console.log(`${tokens} tokens, ${steps} steps; ours on ${gpu.facts.name}, PyTorch ${torch.version} f32`);
  console.log(`largest difference of a step's loss: ${Math.max(...differences).toExponential(2)} nats`);
  console.log(`mean of the last 20 steps: ours ${tail(losses).toFixed(5)}, PyTorch ${tail(torch.losses).toFixed(5)}`);
  const line = (all: readonly number[]): [number, number][] => all.map((loss, i) => [i + 1, loss]);
  const svg = chartSvg({
    title: 'The same run here and in PyTorch',
    xLabel: 'step',
    yLabel: 'nats per token',
    series: [
      { name: `PyTorch ${torch.version}`, colour: COLOURS[1], width: 5, opacity: 0.45, points: line(torch.losses) },
      { name: 'ours', colour: COLOURS[0], width: 1.5, points: line(losses) },
    ],
  });
  writeFileSync(join(out, 'parity.svg'), svg);
}
