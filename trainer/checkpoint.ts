/**
 * Checkpoints on disk. A folder appears under its name only when every file in it is whole:
 *
 *   OUT/step-000240/model.safetensors      parameters under Hugging Face's names
 *                   optimizer.safetensors  AdamW moments, `m.NAME` and `v.NAME`
 *                   state.json             format, version, model config, step, loader state, options
 *                   tokenizer.json, tokenizer_config.json
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, ToolkitError } from '../crawlers/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../crawlers/shell/folder.ts';
import type { Arena, ArenaPart } from './arena.ts';
import type { LoaderState } from './batch.ts';
import { type ModelConfig, storedShape } from './model.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

export const CHECKPOINT_FORMAT = 'vua-checkpoint';
export const CHECKPOINT_VERSION = 2;
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'];
const MOMENTS: readonly ArenaPart[] = ['m', 'v'];

export interface CheckpointState {
  readonly format: typeof CHECKPOINT_FORMAT;
  readonly version: number;
  readonly step: number;
  readonly config: ModelConfig;
  readonly loader: LoaderState;
  /** `Trainer.readState`: the optimizer's counters and loss scale. */
  readonly optimizer: readonly number[];
  /** What the run was started with; a resume must match. */
  readonly options: Readonly<Record<string, number | string>>;
  readonly adapter: string;
}

export interface Checkpoint {
  readonly dir: string;
  readonly state: CheckpointState;
}

/** Writes `OUT/step-N`, then deletes `stale` folders and all but the newest `keep` others. */
export async function saveCheckpoint(
  outDir: string,
  arena: Arena,
  state: CheckpointState,
  tokenizerDir: string,
  stale: readonly string[] = [],
  keep = 2,
): Promise<string> {
  const name = `step-${String(state.step).padStart(6, '0')}`;
  const partial = join(outDir, `.${name}.partial`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const named = async (part: ArenaPart, prefix: string): Promise<[string, NamedTensor][]> => {
    const values = await arena.read(part);
    return arena.parameters
      .filter(({ name }) => arena.has(part, name))
      .map((parameter) => {
        const shape = storedShape(parameter, state.config);
        const size = shape.reduce((a, b) => a * b, 1);
        return [prefix + parameter.name, { shape, data: values.get(parameter.name)!.subarray(0, size) }];
      });
  };
  const moments = (await Promise.all(MOMENTS.map((part) => named(part, `${part}.`)))).flat();
  writeFileAtomic(join(partial, 'model.safetensors'), encodeSafetensors(new Map(await named('params', ''))));
  writeFileAtomic(join(partial, 'optimizer.safetensors'), encodeSafetensors(new Map(moments)));
  for (const file of TOKENIZER_FILES) copyFileSync(join(tokenizerDir, file), join(partial, file));
  writeFileAtomic(join(partial, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
  const dir = join(outDir, name);
  rmSync(dir, { recursive: true, force: true });
  renameSync(partial, dir);
  for (const other of stale) if (other !== dir) rmSync(other, { recursive: true, force: true });
  for (const old of checkpointsIn(outDir).slice(0, -keep)) rmSync(old, { recursive: true, force: true });
  return dir;
}

/** Whole checkpoints of a training folder, oldest first. */
export function checkpointsIn(outDir: string): string[] {
  if (!existsSync(outDir)) return [];
  return readdirSync(outDir)
    .filter((name) => /^step-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((name) => join(outDir, name));
}

/**
 * The checkpoint at `dir`, or the newest one in it; of a whole run's folder, in its model folder.
 * @throws ToolkitError NO_CHECKPOINT, BAD_CHECKPOINT, NEWER_FORMAT
 */
export function openCheckpoint(dir: string): Checkpoint {
  const found = existsSync(join(dir, 'state.json'))
    ? dir
    : [...checkpointsIn(join(dir, 'model')), ...checkpointsIn(dir)].at(-1);
  const state = found && readJsonIfPresent<CheckpointState>(join(found, 'state.json'));
  if (!found || !state) {
    throw badInput(
      'NO_CHECKPOINT',
      `${dir}: no checkpoint, expected step-N folders or one of them`,
      'train one: vua train --tokens DIR --depth 2 --steps 200 --out DIR',
    );
  }
  if (state.format !== CHECKPOINT_FORMAT)
    throw badInput('BAD_CHECKPOINT', `${found}/state.json: format ${state.format}, expected ${CHECKPOINT_FORMAT}`);
  if (state.version > CHECKPOINT_VERSION) {
    throw badInput(
      'NEWER_FORMAT',
      `${found}: checkpoint version ${state.version}, this program reads up to ${CHECKPOINT_VERSION}`,
      'update vua',
    );
  }
  return { dir: found, state };
}

/** Fills the arena from a checkpoint; moments only where the arena has them. */
export function loadCheckpoint({ dir }: Checkpoint, arena: Arena): void {
  fill('model.safetensors', 'params', '');
  if (!arena.whole.m) return;
  for (const part of MOMENTS) fill('optimizer.safetensors', part, `${part}.`);

  function fill(file: string, part: ArenaPart, prefix: string): void {
    const path = join(dir, file);
    const tensors = decodeSafetensors(readFileSync(path), path);
    for (const { name } of arena.parameters) {
      if (!arena.has(part, name)) continue;
      const found = tensors.get(prefix + name);
      const expected = arena.view(part, name).elements;
      if (!found || found.data.length > expected) {
        throw new ToolkitError({
          code: 'BAD_CHECKPOINT',
          message: `${path}: tensor ${prefix}${name} has ${found?.data.length ?? 'no'} elements, expected ${expected}`,
          exitStatus: 2,
        });
      }
      arena.write(part, name, found.data);
    }
  }
}
