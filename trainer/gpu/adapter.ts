/**
 * Finds a WebGPU adapter in Node, in this order: the machine's GPU; a software driver of the system that Dawn accepts;
 * the embedded SwiftShader. The last one travels in npm @sparticuz/chromium and needs nothing installed (x86-64 Linux).
 *
 * On Linux, Dawn opens `libvulkan.so.1` by name when it is imported. Where the system has none, the embedded loader is
 * opened first with RTLD_GLOBAL (koffi does that; process.dlopen would close it again), and Dawn then finds it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { INTERRUPTED } from '../../crawlers/shell/command.ts';
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { AdapterChoice } from './choice.ts';
import { type AdapterFacts, Gpu, grantedLimits, WANTED_FEATURES } from './device.ts';
import { freeGbOf } from './free-memory.ts';
import { gpuPackage, importDawn, installed } from './packages.ts';

/**
 * f16 is off by default on NVIDIA/Vulkan, and with it every f16 matrix configuration. Bounds checks cost a CPU driver
 * 1.5–1.8×, and every index comes from shapes that program.ts checks; a GPU keeps them: what they cost there is not known.
 */
export const dawnFlags = (kind: AdapterFacts['kind']): readonly string[] => [
  `enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia${kind === 'gpu' ? '' : ',disable_robustness'}`,
  'disable-dawn-features=timestamp_quantization',
];

/**
 * Never collected: Dawn crashes when the object that `create()` returned goes while a device lives, and a collected
 * library handle closes the Vulkan loader before Dawn has found it.
 */
const keptForTheProcess: unknown[] = [];

/** From then on the process finds no other driver, and the bundled one as if it were the system's. */
let usesEmbedded = false;

/**
 * Opens the best adapter, or the kind that was asked for.
 * @throws ToolkitError NO_ADAPTER with what was tried and what to install.
 */
export async function openGpu(choice: AdapterChoice = 'auto'): Promise<Gpu> {
  const tried: string[] = [];
  const isOurs = usesEmbedded && choice === 'auto';
  if (choice !== 'embedded' && !isOurs && hasVulkanLoader(tried)) {
    const adapter = await requestAdapter(tried, 'gpu');
    if (adapter) {
      const kind = kindOf(adapter);
      if (kind === 'gpu' && choice !== 'software') {
        const { description, vendor } = adapter.info;
        return Gpu.open(adapter, kind, "the machine's GPU", freeGbOf(description, vendor));
      }
      const unchecked = kind !== 'gpu' && choice !== 'gpu' ? await requestAdapter(tried, kind) : null;
      if (unchecked) return Gpu.open(unchecked, kind, 'no GPU driver; a software driver of the system');
      tried.push(`the system's adapter is ${kind} (${adapter.info.description})`);
    } else tried.push('the system has no driver that Dawn accepts');
  }
  if (choice === 'auto' || choice === 'embedded') {
    try {
      useEmbeddedDriver();
      const adapter = await requestAdapter(tried, 'embedded');
      if (adapter) return Gpu.open(adapter, 'embedded', [...tried, 'the bundled SwiftShader'].join('; '));
      tried.push('the bundled SwiftShader was refused');
    } catch (error) {
      tried.push(reasonOf(error));
    }
  }
  throw new ToolkitError({
    code: 'NO_ADAPTER',
    message: `no WebGPU adapter (asked for: ${choice}): ${tried.join('; ')}`,
    hint: 'install a Vulkan driver (Debian: apt install libvulkan1 mesa-vulkan-drivers), or use --adapter auto; `vua doctor` explains',
  });
}

/**
 * Destructors of a driver that is at work crash: who presses Ctrl-C twice gets 139. Then none are run. What else listens
 * to the end (locks are given back) was there before.
 */
function leaveAtOnce(status: number): void {
  if (status !== INTERRUPTED || process.platform === 'win32' || installed('koffi') === undefined) return;
  try {
    loadKoffi().load(null).func('void _exit(int)')(status);
  } catch {} // koffi is not installed
}

async function requestAdapter(tried: string[], kind: AdapterFacts['kind']): Promise<GPUAdapter | null> {
  if (!process.listeners('exit').includes(leaveAtOnce)) process.on('exit', leaveAtOnce);
  const { create } = await importDawn();
  try {
    const gpu = create([...dawnFlags(kind)]);
    keptForTheProcess.push(gpu);
    return await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (error) {
    tried.push(reasonOf(error)); // Dawn throws where no backend can start at all.
    return null;
  }
}

/** A device that computes nothing and refuses no size of matrix: for compiling shaders that no adapter here can run. */
export async function nullDevice(): Promise<GPUDevice> {
  if (process.platform === 'linux') hasVulkanLoader([]) || useEmbeddedDriver(); // Dawn wants a loader to start
  const { create } = await importDawn();
  const gpu = create([...dawnFlags('gpu'), 'backend=null']);
  keptForTheProcess.push(gpu);
  const adapter = (await gpu.requestAdapter())!;
  return adapter.requestDevice({
    requiredFeatures: [...adapter.features].filter((f): f is GPUFeatureName => WANTED_FEATURES.includes(f)),
    requiredLimits: grantedLimits(adapter),
  });
}

/** Kernels are chosen by it: a SwiftShader of the system has the subgroups of the bundled one. */
function kindOf({ info }: GPUAdapter): AdapterFacts['kind'] {
  if (/swiftshader/i.test(info.description)) return 'embedded';
  return info.isFallbackAdapter || /llvmpipe|lavapipe|basic render/i.test(info.description) ? 'software' : 'gpu';
}

/** macOS and Windows bring their own API; Linux needs the Vulkan loader. Without koffi Dawn is left to look for it. */
function hasVulkanLoader(tried: string[]): boolean {
  if (process.platform !== 'linux') return true;
  try {
    loadKoffi();
  } catch {
    tried.push('koffi is not installed, so Dawn looked for libvulkan.so.1 by itself');
    return true;
  }
  try {
    loadGlobally('libvulkan.so.1');
    return true;
  } catch {
    tried.push('no system Vulkan loader (libvulkan.so.1)');
    return false;
  }
}

interface Koffi {
  load(path: string | null, options?: { global: boolean }): { func(signature: string): (...values: unknown[]) => void };
}
const loadKoffi = (): Koffi => createRequire(import.meta.url)(gpuPackage('koffi')) as Koffi;

function loadGlobally(library: string): void {
  keptForTheProcess.push(loadKoffi().load(library, { global: true }));
}

/** Unpacks SwiftShader once per version, points the Vulkan loader at it and nothing else. */
function useEmbeddedDriver(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the bundled SwiftShader is for x86-64 Linux, this is ${process.platform} ${process.arch}`);
  }
  const folder = unpackSwiftShader();
  process.env.VK_DRIVER_FILES = join(folder, 'vk_swiftshader_icd.json');
  usesEmbedded = true;
  loadGlobally(join(folder, 'libvulkan.so.1'));
}

function unpackSwiftShader(): string {
  const packageRoot = join(dirname(gpuPackage('@sparticuz/chromium')), '..', '..');
  const manifest = [packageRoot, dirname(packageRoot)].map((dir) => join(dir, 'package.json')).find(existsSync);
  if (!manifest) throw new Error('package @sparticuz/chromium is incomplete: run npm ci');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const archive = readFileSync(join(dirname(manifest), 'bin', 'swiftshader.tar.br'));
  for (const cache of [process.env.XDG_CACHE_HOME, join(homedir(), '.cache'), tmpdir()]) {
    if (!cache) continue;
    const folder = join(cache, 'vua', `swiftshader-${version}`);
    if (existsSync(join(folder, 'vk_swiftshader_icd.json'))) return folder;
    try {
      mkdirSync(dirname(folder), { recursive: true });
      const fresh = mkdtempSync(`${folder}.`);
      for (const [name, bytes] of tarEntries(brotliDecompressSync(archive))) {
        if (/vulkan|vk_swiftshader/.test(name)) writeFileSync(join(fresh, name), bytes, { mode: 0o755 });
      }
      publish(fresh, folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error; // not a matter of this folder
    }
  }
  throw new Error('no folder to unpack SwiftShader into: set XDG_CACHE_HOME to one that can be written');
}

/** Another process may have unpacked meanwhile: whoever renames first wins, the bytes are the same. */
function publish(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(join(folder, 'vk_swiftshader_icd.json'))) throw error;
  }
}

/** Regular files of a tar archive: 512-byte headers, name at 0, octal size at 124, type at 156. */
function* tarEntries(tar: Buffer): Generator<[name: string, bytes: Buffer]> {
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8);
    if (tar[at + 156] === 0x30 || tar[at + 156] === 0)
      yield [name.split('/').at(-1)!, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
