/**
 * Square products and causal attention of other WebGPU libraries on the same adapter through the same Dawn, beside ours in
 * one run: @tensorflow/tfjs-backend-webgpu and @jax-js/jax, from a folder where they are installed (they are no
 * dependencies). jax-js has attention (`nn.dotProductAttention`), in tfjs it is composed: q·kᵀ, a mask, softmax, ·v.
 *
 *   npm i --prefix DIR @tensorflow/tfjs-core @tensorflow/tfjs-backend-webgpu @jax-js/jax
 *   node --import tsx tests/bench/trainer/web-peers.ts DIR [embedded|software|gpu] [size] [rows,T,heads,headSize]
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../../../crawlers/shell/errors.ts';
import { matmulRates, measureKernel } from '../../../trainer/bench/bench.ts';
import { driverClock } from '../../../trainer/bench/clock.ts';
import { openGpu } from '../../../trainer/gpu/adapter.ts';
import type { AdapterChoice } from '../../../trainer/gpu/choice.ts';
import { attention } from '../../../trainer/kernels/attention.ts';
import { attentionTile } from '../../../trainer/kernels/choice.ts';
import { loadChoice } from '../../../trainer/kernels/tuned.ts';

const [dir = '.', kind = 'auto', sizeText = '256', attended = '2,256,4,32'] = process.argv.slice(2);
const size = Number(sizeText);
const [B, T, NH, HS] = attended.split(',').map(Number);
const gpu = await openGpu(kind as AdapterChoice);
const { clock, name } = driverClock(gpu.facts);
const { choice } = loadChoice(gpu.facts);
const { create, globals } = await import('webgpu');
Object.assign(globalThis, globals);
const webgpu = create([]);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: webgpu, userAgent: 'node' }, configurable: true });
const require = createRequire(join(resolve(dir), 'package.json'));
// biome-ignore lint/suspicious/noExplicitAny: libraries without types here
type Library = any;
const load = (specifier: string): Promise<Library> => import(pathToFileURL(require.resolve(specifier)).href);

// jax-js wants iterators with `map` and more, which Node has from 22 on.
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
iterators.map ??= function (this: Iterable<unknown>, change: (value: unknown) => unknown) {
  return [...this].map(change);
};

/** Milliseconds: the best of five batches of four. */
async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  await work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = clock();
    for (let i = 0; i < 4; i++) await work();
    best = Math.min(best, (clock() - started) / 4);
  }
  return best;
}

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));

/** A library, once loaded, and its two works. Each attends as our forward kernel: causal, one head a key head. */
interface Peer {
  readonly product: () => Promise<number>;
  readonly attention: () => Promise<number>;
}

async function tfjs(): Promise<Peer> {
  const tf = await load('@tensorflow/tfjs-core');
  await load('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  await tf.ready();
  const done = async (out: Library, corner: number): Promise<void> => {
    await tf.slice(out, Array(corner).fill(0), Array(corner).fill(1)).data();
    out.dispose();
  };
  const heads = (): Library => tf.tensor4d(ramp(B * NH * T * HS), [B, NH, T, HS]);
  return {
    product() {
      const [a, b] = [tf.tensor2d(ramp(size * size), [size, size]), tf.tensor2d(ramp(size * size), [size, size])];
      return milliseconds(() => done(tf.matMul(a, b), 2));
    },
    attention() {
      const [q, k, v] = [heads(), heads(), heads()];
      const hidden = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
      const mask = tf.tensor2d(hidden, [T, T]);
      const attend = (): Library =>
        tf.matMul(tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(HS)), mask)), v);
      return milliseconds(() => done(tf.tidy(attend), 4));
    },
  };
}

async function jaxJs(): Promise<Peer> {
  const { init, defaultDevice, numpy: np, nn, blockUntilReady } = await load('@jax-js/jax');
  await init('webgpu');
  defaultDevice('webgpu');
  const array = (...shape: number[]): Library => np.array(ramp(shape.reduce((a, b) => a * b))).reshape(shape);
  return {
    product() {
      const [a, b] = [array(size, size), array(size, size)];
      return milliseconds(() => blockUntilReady(np.matmul(a.ref, b.ref)));
    },
    attention() {
      const [q, k, v] = [array(B, T, NH, HS), array(B, T, NH, HS), array(B, T, NH, HS)];
      return milliseconds(() => blockUntilReady(nn.dotProductAttention(q.ref, k.ref, v.ref, { isCausal: true })));
    },
  };
}

async function vua(): Promise<Peer> {
  return {
    async product() {
      const rates = await matmulRates(gpu, choice, 'f32', [size], { clock });
      return (2 * size ** 3) / rates.find(({ layout }) => layout === 'nn')!.gflops / 1e6;
    },
    attention: () =>
      measureKernel(
        gpu,
        attention(HS, 'f32', attentionTile(choice, 'f32', HS)).forward,
        { N: B * T, T, NH, NKV: NH },
        { clock },
      ),
  };
}

const rows: Partial<Record<keyof Peer, number>>[] = [];
console.log(`${gpu.facts.name}, f32, milliseconds by ${name}`);
console.log(`${''.padEnd(20)} ${`${size}³ nn`.padStart(24)} ${`attention ${B}×${T}, ${NH} of ${HS}`.padStart(28)}`);
for (const [peer, open] of Object.entries({ vua, 'tfjs-backend-webgpu': tfjs, 'jax-js': jaxJs })) {
  try {
    const opened = await open();
    const row = { product: await opened.product(), attention: await opened.attention() };
    rows.push(row);
    const cells = (['product', 'attention'] as const).map((work) => {
      return `${row[work].toFixed(2)} ms  ${(row[work] / rows[0][work]!).toFixed(1)}×`;
    });
    console.log(`${peer.padEnd(20)} ${cells[0].padStart(24)} ${cells[1].padStart(28)}`);
  } catch (error) {
    console.log(`${peer.padEnd(20)} did not run: ${reasonOf(error).slice(0, 300)}`);
  }
}
process.exit(0);
