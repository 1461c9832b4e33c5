/** The adapter of a page, and why there is none. */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { type AdapterFacts, Gpu } from '../gpu/device.ts';

const WHERE = 'Chrome and Edge from 113 on, Safari from 26 on, Firefox from 141 on';
const LINUX =
  'on Linux, Chrome may want --enable-unsafe-webgpu --enable-features=Vulkan (or chrome://flags/#enable-unsafe-webgpu)';

/** @throws ToolkitError NO_ADAPTER with what to do about it. */
export async function openPageGpu(): Promise<Gpu> {
  if (!isSecureContext) {
    throw noAdapter(
      `${location.host} is no secure context, and browsers offer WebGPU only there`,
      'open the page under localhost or 127.0.0.1, or behind https',
    );
  }
  if (!navigator.gpu) throw noAdapter('this browser has no WebGPU', `${WHERE} have it; ${LINUX}`);
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw noAdapter(
      'this browser has WebGPU, but no adapter to run it on',
      `chrome://gpu says why: a blocked driver, or hardware acceleration switched off; ${LINUX}; \`vua train\` needs no browser`,
    );
  }
  return Gpu.open(adapter, kindOf(adapter), 'the adapter of this browser');
}

/** As `adapter.ts` tells them apart in Node: kernels are chosen by it. */
function kindOf({ info }: GPUAdapter): AdapterFacts['kind'] {
  const name = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  if (/swiftshader/i.test(name)) return 'embedded';
  return info.isFallbackAdapter || /llvmpipe|lavapipe|basic render/i.test(name) ? 'software' : 'gpu';
}

const noAdapter = (message: string, hint: string): ToolkitError =>
  new ToolkitError({ code: 'NO_ADAPTER', message, hint });
