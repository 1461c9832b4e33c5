/** Logits of every position, by the training forward pass: for comparisons with other programs. */
import type { Gpu } from '../../trainer/gpu/device.ts';
import { Program } from '../../trainer/gpu/program.ts';
import type { Arena } from '../../trainer/model/arena.ts';
import { headName, type ModelConfig } from '../../trainer/model/config.ts';
import { addForward } from '../../trainer/model/forward.ts';
import { Network } from '../../trainer/model/network.ts';

/** @param rows [N][T] ids, T the context. @returns [N, T, V] */
export async function allLogits(gpu: Gpu, config: ModelConfig, arena: Arena, rows: number[][]): Promise<Float32Array> {
  const { context: T, width: C, vocabSize: V, paddedVocab } = config;
  const network = new Network(gpu, config, arena);
  const program = new Program(gpu);
  const make = (name: string): ReturnType<Network['tensor']> => network.tensor(name, T);
  const batch = { tokens: make('tokens'), targets: make('targets'), documentStarts: make('document starts') };
  const { normed } = addForward(program, network, batch, { rows: 1 });
  const logits = network.tensor('logits', T * paddedVocab);
  network.linear(program, normed, arena.weight(headName(config)), logits, { N: T, C, O: paddedVocab });
  await program.compile();
  const all = new Float32Array(rows.length * T * V);
  for (const [row, ids] of rows.entries()) {
    gpu.write(batch.tokens.buffer, 0, Uint32Array.from(ids));
    const encoder = gpu.device.createCommandEncoder();
    program.encode(encoder);
    gpu.device.queue.submit([encoder.finish()]);
    const read = new Float32Array(await gpu.read(logits.buffer, 0, T * paddedVocab * 4));
    for (let t = 0; t < T; t++) all.set(read.subarray(t * paddedVocab, t * paddedVocab + V), (row * T + t) * V);
  }
  program.release();
  network.release();
  return all;
}
