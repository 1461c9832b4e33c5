/** One short stay on a machine with a GPU; HELP below says what it does and how it gets there. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reasonOf, ToolkitError } from '../../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../../crawlers/shell/folder.ts';
import { BENCH_MODELS, type BenchModel, benchModel, benchRows } from '../../../trainer/bench/models.ts';
import { predictionText, predictStep } from '../../../trainer/bench/predict.ts';
import { findPytorch, type PeerRow, PYTORCH_WAYS, runPytorch } from '../../../trainer/bench/pytorch.ts';
import { type BenchReport, benchText } from '../../../trainer/bench/report.ts';
import { openGpu } from '../../../trainer/gpu/adapter.ts';
import { nodeCommand } from '../../../trainer/gpu/apart.ts';
import { cardOf } from '../../../trainer/gpu/cards.ts';
import { ADAPTER_CHOICES, type AdapterChoice } from '../../../trainer/gpu/choice.ts';
import { keepIn, QUIET_MS, runLeavingOut, sayFinding } from '../../../trainer/gpu/findings.ts';
import { probeMatrices } from '../../../trainer/kernels/probed.ts';
import { saveProbed } from '../../../trainer/kernels/tuned.ts';
import { STAGE_WORK, type Stay } from './gpu-stages.ts';

const HELP = `One short stay on a machine with a GPU: everything in one JSON file, written again after every single figure.

  facts   limits, features, matrix configurations
  probe   a product and attention with every matrix configuration, each in a process of its own
  tune    the fastest variants for the models, kept in the user's cache
  bench   the kernels of each step against their references, then whole steps with their rooflines
  peers   PyTorch compiled and eager, bf16 and f32, with the same models and AdamW
  rates   peaks; the fastest variants of the square products (4096³ first), and their rates
  check   every kernel, and every variant that tuning would try, against its f64 reference

Each stage is a process of its own with a time limit. One that crashed or hung is started again without the variant that
it was at; one that was cut off goes on where the file ends, so the same command (or --stages with the rest) continues.

  node --import tsx tests/bench/trainer/gpu-stay.ts --out stay.json [options]

  --out FILE       JSON to write, or to continue (default gpu-stay.json)
  --stages LIST    by comma, of those above (default all)
  --models LIST    by comma, of ${Object.keys(BENCH_MODELS).join(', ')} (default 124M)
  --adapter KIND   ${ADAPTER_CHOICES.join(', ')} (default gpu: a CPU driver would not answer)
  --python PYTHON  for peers (default python3)
  --seconds N      of the whole stay (default 700: with the start and the way back a quarter of an hour)
  --only REGEX     names of kernels for check, of classes for rates and tune
  --naive          bench the plainest kernels too

For a bare machine, from the project's root: make the kit (\`bare-gpu/pack\`: Node, Dawn, a Vulkan loader), then one file:

  npx esbuild tests/bench/trainer/gpu-stay.ts --bundle --platform=node --format=esm --external:webgpu --external:koffi \\
    --banner:js='import { createRequire as from } from "node:module"; const require = from(import.meta.url);' \\
    --outfile=dist/gpu-stay.mjs

Carry the kit's folder (.gpu), dist/gpu-stay.mjs, trainer/bench/pytorch.py and node_modules/webgpu without its other
platforms; koffi is not needed. There: \`. .gpu/enter && node dist/gpu-stay.mjs --out $OUT/stay.json\`.`;

/** The most valuable first. */
const STAGES = ['facts', 'probe', 'tune', 'bench', 'peers', 'rates', 'check'] as const;
type Stage = (typeof STAGES)[number];
const LIMIT_SECONDS: Readonly<Record<Stage, number>> = {
  ...{ facts: 30, probe: 60, tune: 220, bench: 150, peers: 120, rates: 120, check: 900 },
};

function refuse(text: string): never {
  console.error(`${text}\nnode gpu-stay --help lists the options`);
  process.exit(2);
}

function listOf<T extends string>(given: string, allowed: readonly T[], option: string): T[] {
  const names = given.split(',');
  const odd = names.find((name) => !allowed.includes(name as T));
  return odd === undefined ? (names as T[]) : refuse(`--${option} ${odd}: allowed are ${allowed.join(', ')}`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        ...{ help: { type: 'boolean' }, naive: { type: 'boolean', default: false }, child: { type: 'string' } },
        ...{ out: { type: 'string', default: 'gpu-stay.json' }, stages: { type: 'string', default: STAGES.join() } },
        ...{ models: { type: 'string', default: '124M' }, adapter: { type: 'string', default: 'gpu' } },
        ...{ python: { type: 'string', default: 'python3' }, seconds: { type: 'string', default: '700' } },
        ...{ only: { type: 'string', default: '.' } },
      } as const,
    });
    return values;
  } catch (error) {
    return refuse(reasonOf(error));
  }
}

const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const adapter = listOf(options.adapter, ADAPTER_CHOICES, 'adapter')[0] as AdapterChoice;
const models = listOf(options.models, Object.keys(BENCH_MODELS) as BenchModel[], 'models');
const stages = listOf(options.stages, STAGES, 'stages');
const seconds = Number(options.seconds);
if (!(seconds > 0)) refuse(`--seconds ${options.seconds}: expected a number > 0`);
try {
  new RegExp(options.only);
} catch (error) {
  refuse(`--only: ${reasonOf(error)}`);
}

const stay: Stay = readJsonIfPresent<Stay>(options.out) ?? {};

if (options.child !== undefined) {
  const note = (text: string): void => console.error(text);
  const [work, ...given] = options.child.split(' ');
  try {
    const gpu = await openGpu(adapter);
    await STAGE_WORK[work](gpu, {
      stay,
      models,
      keep: sayFinding,
      note,
      given,
      only: options.only,
      naive: options.naive,
    });
    process.exit(0);
  } catch (error) {
    console.error(reasonOf(error));
    process.exit(1);
  }
}

// The file is whole at any time, and the child ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.error(`interrupted: ${options.out} has what was found, the same command goes on`);
    process.exit(130);
  });
}

const started = performance.now();
const leftMs = (): number => 1000 * seconds - (performance.now() - started);
const say = (text: string): void => console.error(`${((performance.now() - started) / 1000).toFixed(0)} s  ${text}`);
let faults = 0;

const keep = keepIn(options.out, stay);

const childArguments = (work: string): string[] => [
  ...['--child', work, '--out', options.out, '--adapter', adapter, '--models', models.join()],
  ...['--only', options.only, ...(options.naive ? ['--naive'] : [])],
];

/** Runs a stage, or a part of it, again and again while what it was at crashed it. */
async function runStage(stage: Stage, part = ''): Promise<void> {
  const work = part ? `${stage} ${part}` : stage;
  const timeoutMs = Math.min(1000 * LIMIT_SECONDS[stage], leftMs());
  if (timeoutMs <= 0) return fail(work, 'no time was left');
  await runLeavingOut([...nodeCommand(), process.argv[1], ...childArguments(work)], stay, keep, {
    ...{ timeoutMs, onLine: console.error, onSaid: (text) => process.stderr.write(text) },
    ...(adapter === 'gpu' && { quietMs: QUIET_MS }),
    onFault(fault, trying) {
      fail(work, fault);
      if (trying) say(`${trying} is left out`);
    },
  });
}

function fail(work: string, fault: string): void {
  faults++;
  keep(['failed', work], [...(stay.failed?.[work] ?? []), fault]);
  say(`${work}: ${fault}`);
}

const pytorch = stages.includes('peers')
  ? await findPytorch(options.python).catch((error) =>
      refuse(`${reasonOf(error)}; or leave peers out: --stages ${STAGES.filter((stage) => stage !== 'peers').join()}`),
    )
  : undefined;

const stageWork: Partial<Record<Stage, () => Promise<void>>> = {
  async probe() {
    const timeoutMs = 1000 * LIMIT_SECONDS.probe;
    const command = (config: string): string[] => [
      ...nodeCommand(),
      process.argv[1],
      ...childArguments(`probe ${config}`),
    ];
    keep(['probed'], await probeMatrices(stay.facts!, command, { timeoutMs }));
    saveProbed(stay.facts!, stay.probed!);
    for (const { config, fault } of stay.probed!) say(`matrices of ${config}: ${fault ?? 'work'}`);
  },
  async bench() {
    for (const optimizer of ['adamw', 'muon'])
      for (const model of models) await runStage('bench', `${optimizer} ${model}`);
  },
  async peers() {
    const isGpu = stay.facts!.kind === 'gpu';
    for (const model of models) {
      for (const way of PYTORCH_WAYS) {
        const timeoutMs = Math.min(1000 * LIMIT_SECONDS.peers, leftMs());
        if (timeoutMs < 10_000) return fail('peers', 'no time was left');
        const sizes = { rows: benchRows(model, stay.facts!), steps: isGpu ? 20 : 3, matmul: isGpu ? 4096 : 256 };
        const row = await runPytorch({ ...pytorch!, timeoutMs }, model, benchModel(model), way, sizes);
        keep(['peers', `${model} ${way.compile ? 'compile' : 'eager'} ${way.dtype}`], row);
        say(JSON.stringify(row));
      }
    }
  },
};

if (!existsSync(options.out) || !stay.facts || stages.includes('facts')) await runStage('facts');
if (!stay.facts) process.exit(2);
if (adapter === 'gpu' && stay.facts.kind !== 'gpu')
  refuse(`${options.out} is of ${stay.facts.name}: give another --out`);
keep(['models'], Object.fromEntries(models.map((model) => [model, BENCH_MODELS[model]])));
say(`${stay.facts.name}: matrices ${JSON.stringify(stay.facts.matrixConfigs)}`);
for (const stage of stages.filter((stage) => stage !== 'facts')) {
  say(`stage ${stage}`);
  try {
    await (stageWork[stage]?.() ?? runStage(stage));
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    fail(stage, error.message);
  }
}
for (const report of Object.values(stay.bench ?? {})) {
  const peers = Object.values(stay.peers ?? {}) as PeerRow[];
  const mine = peers.filter(({ model }) => (report as BenchReport).steps.some((step) => step.model === model));
  console.log(benchText({ ...(report as BenchReport), peers: mine }, 12));
}
const card = cardOf(stay.facts.name);
for (const model of card ? models : []) {
  const { depth, width, context, vocabSize, gpuRows: batch } = BENCH_MODELS[model];
  const step = { depth, width, context, batch, microBatch: batch, steps: 1, learningRate: 0 };
  console.log(predictionText(model, predictStep(stay.facts, card!, step, vocabSize), 12));
}
const verdicts = { ...stay.chosen, ...stay.check, ...stay.crashed };
const wrong = Object.entries(verdicts).filter(([, verdict]) => verdict !== 'right');
for (const [kernel, verdict] of wrong) say(`${kernel}: ${verdict}`);
say(`${options.out}: ${faults} stages failed, ${wrong.length} variants are wrong or crashed`);
process.exit(faults + wrong.length > 0 ? 1 : 0);
