/** Finding an adapter: always one, with reasons, and none of its native parts collected. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelFault } from '../../trainer/bench/tune.ts';
import { dawnFlags, openGpu } from '../../trainer/gpu/adapter.ts';
import { COPY_DST, paced, UNIFORM } from '../../trainer/gpu/device.ts';
import { Program, tensor } from '../../trainer/gpu/program.ts';
import { relu2 } from '../../trainer/kernels/mlp.ts';
import { wgslError } from '../../trainer/proofs/kernels.ts';
import { range } from '../support.ts';

const inProcess = (script: string, env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

it('bounds checks go on drivers that compute on the CPU alone', () => {
  expect(dawnFlags('gpu').join()).not.toContain('disable_robustness');
  for (const kind of ['software', 'embedded'] as const) expect(dawnFlags(kind).join()).toContain('disable_robustness');
});

it('a wait leaves the core to the driver: few turns of the event loop, in each of which Dawn polls', async () => {
  let [turns, isOver] = [0, false];
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const answer = await Promise.all(range(40).map((i) => paced(new Promise((done) => setTimeout(() => done(i), 200)))));
  isOver = true;
  expect(answer).toEqual(range(40));
  expect(turns).toBeLessThan(1500); // some hundred thousand else
});

describe('openGpu', () => {
  it('opens the embedded driver while the collector runs all the time', () => {
    const { stdout, stderr } = inProcess(`
      import { openGpu } from './trainer/gpu/adapter.ts';
      setInterval(() => gc(), 1);
      const gpu = await openGpu('embedded');
      console.log(gpu.facts.kind);
      process.exit(0);`);
    expect(stdout.trim(), stderr).toBe('embedded');
  });

  it('opens the driver of the system where koffi is not installed', async () => {
    (await openGpu('embedded')).destroy();
    const driver = process.env.VK_DRIVER_FILES!;
    const { stdout, stderr } = inProcess(
      `
      import Module from 'node:module';
      const load = Module._load;
      Module._load = (name, ...rest) => {
        if (/\\bkoffi\\b/.test(name)) throw new Error('no koffi here');
        return load(name, ...rest);
      };
      const { openGpu } = await import('./trainer/gpu/adapter.ts');
      console.log((await openGpu('software')).facts.kind);
      await openGpu('gpu').catch(({ message }) => console.log(message));
      process.exit(0);`,
      { LD_LIBRARY_PATH: dirname(driver), VK_DRIVER_FILES: driver },
    );
    expect(stdout, stderr).toMatch(/^embedded$/m); // SwiftShader is that, whoever brings it
    expect(stdout, stderr).toContain('koffi is not installed');
  });

  it('is the same a second time, when the process has loaded its own driver', async () => {
    const facts = [await openGpu('embedded'), await openGpu(), await openGpu('embedded')].map((gpu) => {
      gpu.destroy();
      return gpu.facts;
    });
    expect(facts[2]).toEqual(facts[0]);
    const isSwiftShader = /swiftshader/i.test(facts[1].name);
    if (isSwiftShader) expect(facts[1].kind).toBe('embedded');
    else expect(facts[1].kind).not.toBe('embedded');
  });

  it('says what was tried when the kind that was asked for is not there', async () => {
    const gpu = await openGpu();
    const other = gpu.facts.kind === 'gpu' ? 'software' : 'gpu';
    gpu.destroy();
    await expect(openGpu(other)).rejects.toMatchObject({
      code: 'NO_ADAPTER',
      message: expect.stringContaining(`asked for: ${other}`),
    });
  });
});

describe('Gpu', () => {
  it('refuses a buffer over the limit, naming it and the limit', async () => {
    const gpu = await openGpu();
    const tooLarge = gpu.device.limits.maxStorageBufferBindingSize + 4;
    expect(() => gpu.buffer('logits', tooLarge)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_MEMORY', message: expect.stringContaining('logits') }),
    );
    gpu.destroy();
  });

  it('reports what the driver refused at the next wait', async () => {
    const gpu = await openGpu();
    gpu.device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST | 0x0001 }); // MAP_READ goes with COPY_DST alone
    await expect(gpu.settle()).rejects.toMatchObject({ code: 'DEVICE_ERROR' });
    gpu.destroy();
  });

  it('goes on after a kernel that does not compile, and after one that asks for what the device lacks', async () => {
    const gpu = await openGpu();
    const good = relu2('f32').forward;
    const broken = { ...good, name: 'broken', wgsl: 'fn main() { let x = ; }' };
    const tooWide = { ...good, name: 'too_wide', grid: () => [65536, 65536] as const };
    for (let i = 0; i < 2; i++) {
      await expect(wgslError(gpu, broken)).rejects.toMatchObject({
        code: 'BAD_KERNEL',
        message: expect.stringContaining('broken: '),
      });
      expect(await kernelFault(gpu, broken)).toContain('let x = ;');
      expect(await kernelFault(gpu, tooWide)).toContain('65536');
      expect(await kernelFault(gpu, good)).toBeUndefined();
    }
    await gpu.settle();
    expect(gpu.liveBuffers).toBe(0);
    gpu.destroy();
  });

  it('refuses a tensor that does not fit its kernel, with the arithmetic', async () => {
    const gpu = await openGpu();
    const program = new Program(gpu);
    const [x, out] = [64, 48].map((elements) => tensor(gpu, 't', elements));
    expect(() => program.add(relu2('f32').forward, { N: 4, F: 16 }, { x, out })).toThrow(
      'relu2_forward_f32: buffer "out" has 48 elements, expected N*F = 4*16 = 64',
    );
    const half = tensor(gpu, 't', 64, 'f16');
    expect(() => program.add(relu2('f32').forward, { N: 4, F: 16 }, { x: half, out: x })).toThrow(
      'relu2_forward_f32: buffer "x" has 2 bytes an element, expected vec4f',
    );
    gpu.destroy();
  });
});
