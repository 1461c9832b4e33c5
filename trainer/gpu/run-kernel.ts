/** Runs one kernel on one set of buffers and reads the results back: for tests, `vua check` and benchmarks. */
import type { Gpu } from './device.ts';
import { fromHalf, toHalf } from './half.ts';
import { type Buffers, bindingsOf, type Dims, type ElementType, elementsOf, isHalf, type Kernel } from './kernel.ts';
import { Program, type Tensor, tensor } from './program.ts';

/** Results by buffer name, f16 widened. `buffers` stay as they are. */
export async function runKernel(
  gpu: Gpu,
  kernel: Kernel,
  dims: Dims,
  buffers: Buffers,
): Promise<Record<string, Float32Array>> {
  const tensors: Record<string, Tensor> = {};
  for (const binding of bindingsOf(kernel)) {
    const { name, type } = binding;
    tensors[name] = tensor(gpu, name, elementsOf(binding, dims), isHalf(type) ? 'f16' : 'f32');
    gpu.write(tensors[name].buffer, 0, encode(type, buffers[name]));
  }
  const program = new Program(gpu);
  try {
    program.add(kernel, dims, tensors);
    await program.compile();
    const encoder = gpu.device.createCommandEncoder();
    program.encode(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    const results: Record<string, Float32Array> = {};
    for (const binding of bindingsOf(kernel)) {
      if (binding.access === 'read') continue;
      const { buffer, elements, elementBytes } = tensors[binding.name];
      const bytes = await gpu.read(buffer, 0, Math.ceil((elements * elementBytes) / 4) * 4);
      results[binding.name] = isHalf(binding.type)
        ? fromHalf(new Uint16Array(bytes, 0, elements))
        : new Float32Array(bytes, 0, elements);
    }
    return results;
  } finally {
    for (const { buffer } of Object.values(tensors)) gpu.release(buffer);
    program.release();
  }
}

/** As the GPU reads it; an odd number of halves is padded to whole words. */
function encode(type: ElementType, data: Float64Array | Uint32Array): ArrayBufferView<ArrayBuffer> {
  if (type === 'u32') return Uint32Array.from(data);
  if (!isHalf(type)) return Float32Array.from(data);
  const padded = new Uint16Array(Math.ceil(data.length / 2) * 2);
  padded.set(toHalf(data));
  return padded;
}
