/**
 * What is left of a run in a page, as files to save: the weights, and a tar of a training folder that `vua sample`,
 * `vua export` and `vua plot` open.
 *
 *   vua-page/curve.jsonl  evaluation.json
 *            step-000200/model.safetensors  state.json  tokenizer.json  tokenizer_config.json
 */
import { createChecksum } from '../../shards/checksum.ts';
import type { Arena } from '../model/arena.ts';
import { type ModelConfig, storedShape } from '../model/config.ts';
import type { CHECKPOINT_VERSION, CheckpointState } from '../record/checkpoint.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import { safetensorsHeader } from '../record/safetensors.ts';
import type { Comparison } from '../score/bits-per-byte.ts';
import type { RunFile } from './messages.ts';

export interface Trained {
  readonly arena: Arena;
  readonly state: Omit<CheckpointState, 'format' | 'version' | 'files'>;
  readonly head: CurveHead;
  readonly points: readonly CurvePoint[];
  /** Closing figures, where they were made. */
  readonly evaluation?: Comparison & { readonly step: number };
  readonly tokenizer: Readonly<Record<'tokenizer.json' | 'tokenizer_config.json', Uint8Array<ArrayBuffer>>>;
}

const FORMAT: CheckpointState['format'] = 'vua-checkpoint';
const VERSION: typeof CHECKPOINT_VERSION = 2;

export async function filesOf({ arena, state, head, points, evaluation, tokenizer }: Trained): Promise<RunFile[]> {
  const { config, step } = state;
  const { blob: model, checksum } = await weights(arena, config);
  const files = { 'model.safetensors': { bytes: model.size, checksum } };
  const whole = JSON.stringify({ format: FORMAT, version: VERSION, ...state, files }, null, 2);
  const curve = new Blob([head, ...points].map((line) => `${JSON.stringify(line)}\n`));
  const folder = `vua-page/step-${String(step).padStart(6, '0')}`;
  const archive = tarOf([
    ['vua-page/curve.jsonl', curve],
    ...(evaluation
      ? [['vua-page/evaluation.json', new Blob([`${JSON.stringify(evaluation, null, 1)}\n`])] as const]
      : []),
    [`${folder}/model.safetensors`, model],
    [`${folder}/state.json`, new Blob([`${whole}\n`])],
    ...Object.entries(tokenizer).map(([name, bytes]) => [`${folder}/${name}`, new Blob([bytes])] as const),
  ]);
  return [
    { name: 'vua-page.tar', what: 'the run as a folder: for vua sample, vua export, vua plot', blob: archive },
    { name: 'model.safetensors', what: 'weights', blob: model },
    { name: 'tokenizer.json', what: 'tokenizer', blob: new Blob([tokenizer['tokenizer.json']]) },
    { name: 'curve.jsonl', what: 'every step', blob: curve },
  ];
}

/** Tensor by tensor: the browser may move a blob out of memory, an array it cannot. */
async function weights(arena: Arena, config: ModelConfig): Promise<{ blob: Blob; checksum: string }> {
  const shapes = arena.parameters.map((parameter) => [parameter.name, storedShape(parameter, config)] as const);
  const header = safetensorsHeader(new Map(shapes.map(([name, shape]) => [name, { dtype: 'F32', shape } as const])));
  const checksum = createChecksum();
  checksum.update(header);
  const parts = [new Blob([header])];
  for (const [name, shape] of shapes) {
    const values = await arena.readTensor('params', name);
    const bytes = new Uint8Array(values.buffer, 0, 4 * shape.reduce((a, b) => a * b, 1)); // without padding rows
    checksum.update(bytes);
    parts.push(new Blob([bytes]));
  }
  return { blob: new Blob(parts), checksum: checksum.digest() };
}

const BLOCK = 512;

/** POSIX ustar: a header of one block before each file, each padded to blocks, two empty blocks at the end. */
function tarOf(files: readonly (readonly [name: string, blob: Blob])[]): Blob {
  const parts = files.flatMap(([name, blob]) => [
    tarHeader(name, blob.size),
    blob,
    new Uint8Array((BLOCK - (blob.size % BLOCK)) % BLOCK),
  ]);
  return new Blob([...parts, new Uint8Array(2 * BLOCK)], { type: 'application/x-tar' });
}

function tarHeader(name: string, size: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number): void => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  put(name, 0);
  put(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100); // mode, owner, group
  put(`${octal(size, 11)}\0${octal(Math.floor(Date.now() / 1000), 11)}\0`, 124);
  put('        0', 148); // the checksum counts as spaces; a regular file
  put('ustar\u000000', 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return block;
}
