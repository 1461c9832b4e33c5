/**
 * Square products of other WebGPU libraries on the same adapter through the same Dawn, beside ours in one run:
 * @tensorflow/tfjs-backend-webgpu and @jax-js/jax, from a folder where they are installed (they are no dependencies).
 *
 *   npm i --prefix DIR @tensorflow/tfjs-core @tensorflow/tfjs-backend-webgpu @jax-js/jax
 *   node --import tsx tests/bench/trainer/web-peers.ts DIR [embedded|software|gpu] [size]
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reasonOf } from '../../../crawlers/errors.ts';
import { type AdapterChoice, openGpu } from '../../../trainer/adapter.ts';
import { matmulRates } from '../../../trainer/bench.ts';
import { driverClock } from '../../../trainer/bench-clock.ts';
import { loadChoice } from '../../../trainer/tune-cache.ts';

const [dir = '.', kind = 'auto', sizeText = '256'] = process.argv.slice(2);
const size = Number(sizeText);
const gpu = await openGpu(kind as AdapterChoice);
const { clock, name } = driverClock(gpu.facts);
const { create, globals } = await import('webgpu');
Object.assign(globalThis, globals);
const webgpu = create([]);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: webgpu, userAgent: 'node' }, configurable: true });
const require = createRequire(join(resolve(dir), 'package.json'));
const load = (specifier: string): Promise<Record<string, never>> =>
  import(pathToFileURL(require.resolve(specifier)).href);

/** GFLOP/s of the best of five batches of four. */
async function rate(multiply: () => Promise<unknown>): Promise<number> {
  await multiply();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = clock();
    for (let i = 0; i < 4; i++) await multiply();
    best = Math.min(best, (clock() - started) / 4);
  }
  return (2 * size ** 3) / best / 1e6;
}

const values = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
const peers: Record<string, () => Promise<number>> = {
  async 'vua nn'() {
    const rates = await matmulRates(gpu, loadChoice(gpu.facts).choice, 'f32', [size], { clock });
    return rates.find(({ layout }) => layout === 'nn')!.gflops;
  },
  async 'tfjs-backend-webgpu'() {
    // biome-ignore lint/suspicious/noExplicitAny: libraries without types here
    const tf: any = await load('@tensorflow/tfjs-core');
    await load('@tensorflow/tfjs-backend-webgpu');
    await tf.setBackend('webgpu');
    await tf.ready();
    const [a, b] = [tf.tensor2d(values, [size, size]), tf.tensor2d(values, [size, size])];
    return rate(async () => {
      const out = tf.matMul(a, b);
      await tf.slice(out, [0, 0], [1, 1]).data();
      out.dispose();
    });
  },
  async 'jax-js'() {
    // biome-ignore lint/suspicious/noExplicitAny: libraries without types here
    const { init, defaultDevice, numpy: np, blockUntilReady }: any = await load('@jax-js/jax');
    await init('webgpu');
    defaultDevice('webgpu');
    const [a, b] = [np.array(values).reshape([size, size]), np.array(values).reshape([size, size])];
    return rate(async () => {
      const out = np.matmul(a.ref, b.ref);
      await (blockUntilReady ? blockUntilReady(out) : out.data());
    });
  },
};
console.log(`${gpu.facts.name}, ${size}³ f32, GFLOP/s by ${name}`);
for (const [peer, run] of Object.entries(peers)) {
  try {
    console.log(`${peer.padEnd(22)} ${(await run()).toFixed(2)}`);
  } catch (error) {
    console.log(`${peer.padEnd(22)} did not run: ${reasonOf(error).slice(0, 300)}`);
  }
}
process.exit(0);
