/** PyTorch beside the trainer: the same model, batch and AdamW, each way of running it in a process of its own. */
import { assetPath } from '../../crawlers/shell/assets.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { runApart } from '../gpu/apart.ts';
import type { ModelConfig } from '../model/config.ts';

export interface PytorchWay {
  readonly dtype: 'f32' | 'bf16';
  readonly compile: boolean;
}

/** What compares best with mixed precision and with f32 first. */
export const PYTORCH_WAYS: readonly PytorchWay[] = [
  { dtype: 'bf16', compile: true },
  { dtype: 'f32', compile: true },
  { dtype: 'bf16', compile: false },
  { dtype: 'f32', compile: false },
];

/** What pytorch.py prints, or why it did not. */
export interface PeerRow extends PytorchWay {
  readonly model: string;
  readonly peer?: string;
  readonly device?: string;
  readonly ms?: number;
  readonly tokensPerSecond?: number;
  readonly bytes?: number | null;
  readonly matmulGflops?: number;
  readonly failed?: string;
}

export interface Pytorch {
  readonly python: string;
  readonly script: string;
  readonly timeoutMs: number;
}

/** @throws ToolkitError BAD_OPTION when the script is not here, or `python` does not run or has no torch. */
export async function findPytorch(python: string, timeoutMs = 240_000): Promise<Pytorch> {
  const file = 'trainer/bench/pytorch.py';
  const script = assetPath(file);
  if (!script) throw badInput('BAD_OPTION', `--python ${python}: ${file} is not in this package`);
  const asks = 'import importlib.util as u; print("torch" if u.find_spec("torch") else "none")';
  let said = '';
  const { fault } = await runApart([python, '-c', asks], {
    timeoutMs: 20_000,
    onLine(line) {
      said += line;
    },
  });
  if (fault !== undefined) throw badInput('BAD_OPTION', `--python ${python}: it does not run: ${fault}`);
  if (said !== 'torch') throw badInput('BAD_OPTION', `--python ${python}: it has no torch`, 'pip install torch');
  return { python, script, timeoutMs };
}

/** @param more rows of a step, steps, and the side of a square product that is measured too */
export async function runPytorch(
  { python, script, timeoutMs }: Pytorch,
  model: string,
  config: ModelConfig,
  { dtype, compile }: PytorchWay,
  { rows, steps, matmul }: { readonly rows: number; readonly steps: number; readonly matmul: number },
): Promise<PeerRow> {
  const { vocabSize: vocab, layers, width, heads, keyHeads, headSize, hidden, context } = config;
  const given = JSON.stringify({ vocab, layers, width, heads, keyHeads, headSize, hidden, context, rows, steps });
  const options = ['--dtype', dtype, '--matmul', String(matmul), ...(compile ? ['--compile'] : [])];
  let last = '';
  const { fault } = await runApart([python, script, given, ...options], {
    timeoutMs,
    onLine(line) {
      last = line;
    },
  });
  const way = { model, dtype, compile };
  return fault === undefined ? { ...way, ...(JSON.parse(last) as object) } : { ...way, failed: fault.slice(0, 500) };
}
