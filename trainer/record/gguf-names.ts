/** llama.cpp's names of the tensors of a model. Its `llama` rotates neighbouring pairs where Hugging Face's rotates halves. */
import { EMBEDDING, FINAL_NORM, HEAD, type LayerPart, layerName, type ModelConfig } from '../model/config.ts';

export type KnownPart = Exclude<LayerPart, 'mix'>;

/** GGUF's name of each part of a layer, behind `blk.N.`. */
export const PARTS: Readonly<Record<KnownPart, string>> = {
  norm1: 'attn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  qNorm: 'attn_q_norm',
  kNorm: 'attn_k_norm',
  o: 'attn_output',
  norm2: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

export interface GgufName {
  /** Hugging Face's. */
  readonly name: string;
  readonly gguf: string;
  /** Rows of q and k of a llama stand in pairs there. */
  readonly isTurned: boolean;
}

/** Of every tensor of a model, in the order in which they are written. */
export function ggufNames({
  architecture,
  layers,
  tied,
}: Pick<ModelConfig, 'architecture' | 'layers' | 'tied'>): GgufName[] {
  const isLlama = architecture === 'llama';
  const plain = (name: string, gguf: string): GgufName => ({ name, gguf: `${gguf}.weight`, isTurned: false });
  const parts = (Object.keys(PARTS) as KnownPart[]).filter(
    (part) => !(isLlama && (part === 'qNorm' || part === 'kNorm')),
  );
  return [
    plain(EMBEDDING, 'token_embd'),
    ...Array.from({ length: layers }, (_, layer) =>
      parts.map((part) => ({
        ...plain(layerName(layer, part), `blk.${layer}.${PARTS[part]}`),
        isTurned: isLlama && (part === 'q' || part === 'k'),
      })),
    ).flat(),
    plain(FINAL_NORM, 'output_norm'),
    ...(tied ? [] : [plain(HEAD, 'output')]),
  ];
}

/** Rows of each head [HS, C] from halves (a₀ a₁ … b₀ b₁ …) to pairs (a₀ b₀ a₁ b₁ …), or back. */
export function turned(
  values: Float32Array<ArrayBuffer>,
  HS: number,
  C: number,
  back = false,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  const rows = values.length / C;
  for (let row = 0; row < rows; row++) {
    const d = row % HS;
    const pair = row - d + (d < HS / 2 ? 2 * d : 2 * (d - HS / 2) + 1);
    const [from, to] = back ? [pair, row] : [row, pair];
    out.set(values.subarray(from * C, (from + 1) * C), to * C);
  }
  return out;
}
