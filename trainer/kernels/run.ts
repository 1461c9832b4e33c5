/** Runs one kernel on one set of buffers and reads the results back: for tests, `vua check` and benchmarks. */
import type { Gpu } from '../device.ts';
import { Program, type Tensor, tensor } from '../program.ts';
import { type Buffers, bindingsOf, type Dims, elementsOf, type Kernel } from './kernel.ts';

/** Results by buffer name (f32). `buffers` stay as they are. */
export async function runKernel(
  gpu: Gpu,
  kernel: Kernel,
  dims: Dims,
  buffers: Buffers,
): Promise<Record<string, Float32Array>> {
  const tensors: Record<string, Tensor> = {};
  for (const binding of bindingsOf(kernel)) {
    const { name, type } = binding;
    tensors[name] = tensor(gpu, name, elementsOf(binding, dims));
    const data = buffers[name];
    gpu.write(tensors[name].buffer, 0, type === 'u32' ? Uint32Array.from(data) : Float32Array.from(data));
  }
  const program = new Program(gpu);
  program.add(kernel, dims, tensors);
  await program.compile();
  const encoder = gpu.device.createCommandEncoder();
  program.encode(encoder);
  gpu.device.queue.submit([encoder.finish()]);
  const results: Record<string, Float32Array> = {};
  for (const binding of bindingsOf(kernel)) {
    if (binding.access === 'read') continue;
    const { buffer, elements } = tensors[binding.name];
    results[binding.name] = new Float32Array(await gpu.read(buffer, 0, elements * 4));
  }
  for (const { buffer } of Object.values(tensors)) gpu.release(buffer);
  program.release();
  return results;
}
