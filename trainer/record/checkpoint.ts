/**
 * Checkpoints on disk. A folder appears under its name only when every file in it is whole:
 *
 *   OUT/step-000240/model.safetensors      parameters under Hugging Face's names
 *                   optimizer.safetensors  moments, `m.NAME` and `v.NAME`; of a run with an average of its weights
 *                                          (`--ema`), which then are the model, the weights themselves, `params.NAME`
 *                   state.json             format, version, model config, step, loader state, options, files
 *                   tokenizer.json, tokenizer_config.json
 *
 * `files` in state.json has the size and checksum of the tensor files: what was cut or has rotted is seen.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { badInput, reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import {
  makeFolder,
  readJsonIfPresent,
  roomAt,
  syncFolder,
  writeFault,
  writeFileAtomic,
} from '../../crawlers/shell/folder.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import type { LoaderState } from '../batch.ts';
import type { Arena, ArenaPart, ArenaReader } from '../model/arena.ts';
import { MODEL_DEFAULTS, type ModelConfig, storedShape } from '../model/config.ts';
import { modelFolder } from './models.ts';
import {
  damageOf,
  type FileFacts,
  notNumbers,
  TensorFile,
  type TensorSource,
  writeSafetensors,
} from './tensor-file.ts';

export const CHECKPOINT_FORMAT = 'vua-checkpoint';
export const CHECKPOINT_VERSION = 2;
export const MODEL_FILE = 'model.safetensors';
export const OPTIMIZER_FILE = 'optimizer.safetensors';
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;
export type TokenizerFiles = Readonly<Record<(typeof TOKENIZER_FILES)[number], Uint8Array>>;
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
  /** Of an evaluation at this very step: the lowest of its text is kept. */
  readonly heldOutBitsPerByte?: number;
  /** `HeldOutText.id` of it; none in checkpoints of before 0.1.0. */
  readonly heldOutText?: string;
  /** Whatever else a bit-identical resume needs and JSON can hold: the chosen kernel variants, for instance. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Of the tensor files; `saveCheckpoint` fills it in. */
  readonly files?: Readonly<Record<string, FileFacts>>;
}

export interface Checkpoint {
  readonly dir: string;
  readonly state: CheckpointState;
  /** Newer checkpoints that are not whole, newest first. */
  readonly damaged: readonly { readonly dir: string; readonly reason: string }[];
  /** The best was asked for, and no step that is kept was evaluated: it is the newest. */
  readonly isNotBest?: boolean;
}

export interface SaveOptions {
  /** Folders that this checkpoint replaces. */
  readonly stale?: readonly string[];
  /** Newest checkpoints that stay, beside the best by held-out bits per byte of one text. */
  readonly keep?: number;
  /** Tensor files beside the model's and the optimizer's. */
  readonly more?: Readonly<Record<string, ReadonlyMap<string, TensorSource>>>;
  /** Of earlier steps the newest up to this one stays too: a longer run goes on from it. */
  readonly milestone?: number;
}

/** Of a folder with them, as they are now. */
export const tokenizerFilesIn = (dir: string): TokenizerFiles => ({
  'tokenizer.json': readFileSync(join(dir, 'tokenizer.json')),
  'tokenizer_config.json': readFileSync(join(dir, 'tokenizer_config.json')),
});

/**
 * Refuses to begin where the checkpoints of a run will not fit: those that stay, the best, the last before the rate falls, and the one being written.
 * @param count of those that the run will make; at most `keep` stay
 * @throws ToolkitError WRITE_FAILED
 */
export function checkRoom(outDir: string, arena: Arena, { keep = 2 }: SaveOptions, count: number): void {
  const parts: readonly ArenaPart[] = ['params', ...MOMENTS, 'ema'];
  const each = arena.parameters.flatMap((parameter) => {
    const elements = parameter.shape.reduce((a, b) => a * b, 1);
    return parts.map((part) => (arena.has(part, parameter.name) ? 4 * elements : 0));
  });
  const bytes = each.reduce((a, b) => a + b, 0);
  const further = Math.max(1, Math.min(keep, count) + (count > keep + 1 ? 3 : 2) - checkpointsIn(outDir).length);
  const room = roomAt(outDir);
  if (count === 0 || room === undefined || room.total === 0 || room.free >= further * bytes) return;
  throw new ToolkitError({
    code: 'WRITE_FAILED',
    message: `${outDir}: ${further} checkpoints of ${formatBytes(bytes)} need ${formatBytes(further * bytes)}, ${formatBytes(room.free)} are free`,
    hint: 'free some disk space, choose an --out on another disk, or keep fewer (--keep)',
  });
}

/** Writes `OUT/step-N`, then deletes `stale` folders, later steps, and all but the newest `keep`, the best and the milestone. */
export function saveCheckpoint(
  outDir: string,
  arena: ArenaReader,
  state: CheckpointState,
  tokenizer: TokenizerFiles,
  options: SaveOptions = {},
): Promise<string> {
  const named = (part: ArenaPart, prefix: string): [string, TensorSource][] =>
    arena.parameters
      .filter((parameter) => arena.has(part, parameter.name))
      .map((parameter) => {
        const shape = storedShape(parameter, state.config);
        const size = shape.reduce((a, b) => a * b, 1);
        const read = async () => (await arena.readTensor(part, parameter.name)).subarray(0, size);
        return [prefix + parameter.name, { dtype: 'F32', shape, read }];
      });
  const [weights, kept]: [ArenaPart, readonly ArenaPart[]] = arena.holds('ema')
    ? ['ema', ['params', ...MOMENTS]]
    : ['params', MOMENTS];
  const tensors = {
    [MODEL_FILE]: new Map(named(weights, '')),
    [OPTIMIZER_FILE]: new Map(kept.flatMap((part) => named(part, `${part}.`))),
    ...options.more,
  };
  return writeCheckpoint(outDir, tensors, state, tokenizer, options);
}

/**
 * The same from tensors of anywhere. A kill at any moment leaves the folders that were there, or the new one as well; a
 * full disk those that were there. @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER
 */
export async function writeCheckpoint(
  outDir: string,
  tensors: Readonly<Record<string, ReadonlyMap<string, TensorSource>>>,
  state: CheckpointState,
  tokenizer: TokenizerFiles,
  { stale = [], keep = 2, milestone = 0 }: SaveOptions = {},
): Promise<string> {
  const name = `step-${String(state.step).padStart(6, '0')}`;
  const partial = join(outDir, `.${name}.partial`);
  const dir = join(outDir, name);
  makeFolder(outDir);
  for (const left of readdirSync(outDir)) {
    if (/^\.step-\d+\.(partial|old)$/.test(left)) rmSync(join(outDir, left), { recursive: true, force: true });
  }
  try {
    mkdirSync(partial);
    const files: Record<string, FileFacts> = {};
    for (const [file, sources] of Object.entries(tensors)) {
      files[file] = await writeSafetensors(join(partial, file), sources);
    }
    for (const file of TOKENIZER_FILES) writeFileAtomic(join(partial, file), tokenizer[file]);
    writeFileAtomic(join(partial, 'state.json'), `${JSON.stringify({ ...state, files }, null, 2)}\n`);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw writeFault(partial, error) ?? error;
  }
  const old = join(outDir, `.${name}.old`);
  if (existsSync(dir)) renameSync(dir, old);
  renameSync(partial, dir);
  syncFolder(outDir);
  rmSync(old, { recursive: true, force: true });
  for (const other of stale) if (other !== dir) rmSync(other, { recursive: true, force: true });
  // Later ones were damaged, or the run has gone back behind them.
  const all = checkpointsIn(outDir);
  const own = all.indexOf(dir) + 1;
  const last = all.slice(0, own).findLast((one) => stepOf(one) <= milestone);
  const stays = [...bestOf(all.slice(0, own)), ...(last === undefined ? [] : [last])];
  const dropped = [...all.slice(own), ...all.slice(0, own).slice(0, -keep)];
  for (const one of dropped) if (!stays.includes(one)) rmSync(one, { recursive: true, force: true });
  return dir;
}

/** What the newest checkpoint of a training folder says, whole or not; none where there is none that says anything. */
export function newestState(outDir: string): CheckpointState | undefined {
  const newest = checkpointsIn(outDir).at(-1);
  try {
    return newest === undefined ? undefined : readJsonIfPresent<CheckpointState>(join(newest, 'state.json'));
  } catch {
    return undefined; // damaged: whoever opens it says so
  }
}

/** Checkpoints of a training folder, oldest first. */
export function checkpointsIn(outDir: string): string[] {
  if (!existsSync(outDir)) return [];
  return readdirSync(outDir)
    .filter((name) => /^step-\d+$/.test(name))
    .map((name) => join(outDir, name))
    .sort((a, b) => stepOf(a) - stepOf(b));
}

/** By the name of its folder. */
export const stepOf = (checkpoint: string): number => Number(basename(checkpoint).slice('step-'.length));

/**
 * The folder with the lowest held-out bits per byte, of each text that checkpoints were evaluated on; that of the newest
 * one's text first. None when no step was evaluated. `folders`: oldest first.
 */
function bestOf(folders: readonly string[]): string[] {
  const best = new Map<string | undefined, { dir: string; bits: number }>();
  let newest: string | undefined;
  for (const dir of folders) {
    let state: CheckpointState | undefined;
    try {
      state = readJsonIfPresent<CheckpointState>(join(dir, 'state.json'));
    } catch {} // damaged: not the best
    const { heldOutBitsPerByte: bits, heldOutText: text } = state ?? {};
    if (bits == null) continue;
    newest = text;
    const known = best.get(text);
    if (!(known && known.bits <= bits)) best.set(text, { dir, bits });
  }
  const first = best.get(newest);
  return first ? [first.dir, ...[...best.values()].flatMap((one) => (one === first ? [] : one.dir))] : [];
}

export interface OpenOptions {
  /** What is read, and so has to be whole: all of it, or the parameters alone. */
  readonly need?: 'all' | 'parameters';
  /** Of a folder of checkpoints the one with the lowest held-out bits per byte, not the newest. */
  readonly best?: boolean;
  /** Only those of an earlier step. */
  readonly before?: number;
}

/**
 * The checkpoint at `dir`, or the newest whole one in it (of a whole run's folder: in its model folder). Reads what it
 * answers for once, to compare checksums.
 * @throws ToolkitError NO_CHECKPOINT, BAD_CHECKPOINT, NEWER_FORMAT
 */
export function openCheckpoint(
  dir: string,
  { need = 'all', best = false, before = Number.POSITIVE_INFINITY }: OpenOptions = {},
): Checkpoint {
  const oldestFirst = checkpointsIn(modelFolder(dir)).filter((one) => stepOf(one) < before);
  const within = oldestFirst.toReversed();
  const [chosen] = best ? bestOf(oldestFirst) : [];
  const candidates = existsSync(join(dir, 'state.json')) ? [dir] : chosen ? [chosen] : within;
  if (candidates.length === 0) {
    throw badInput(
      'NO_CHECKPOINT',
      `${dir}: no checkpoint, expected step-N folders or one of them`,
      'train one: vua train --tokens DIR --depth 2 --steps 200 --out DIR',
    );
  }
  const damaged: { dir: string; reason: string }[] = [];
  for (const found of candidates) {
    const { state, reason } = examine(found, need);
    if (state && reason === undefined) {
      const isNotBest = best && found !== chosen && found !== dir;
      return { dir: found, state: { ...state, config: { ...MODEL_DEFAULTS, ...state.config } }, damaged, isNotBest };
    }
    damaged.push({ dir: found, reason: reason! });
  }
  throw badInput(
    'BAD_CHECKPOINT',
    `${damaged[0].reason}${damaged.length > 1 ? `; nor is any of the ${damaged.length - 1} before it whole` : ''}`,
    'restore the folder from a copy, or train a new one into another --out',
  );
}

/** The state of a folder, or why it is not whole. @throws ToolkitError NEWER_FORMAT */
function examine(dir: string, need: 'all' | 'parameters'): { state?: CheckpointState; reason?: string } {
  const path = join(dir, 'state.json');
  let state: CheckpointState | undefined;
  try {
    state = readJsonIfPresent<CheckpointState>(path);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
  if (state?.format !== CHECKPOINT_FORMAT)
    return { reason: `${path}: ${state ? `format ${state.format}` : 'missing'}, expected ${CHECKPOINT_FORMAT}` };
  if (state.version > CHECKPOINT_VERSION) {
    throw badInput(
      'NEWER_FORMAT',
      `${dir}: checkpoint version ${state.version}, this program reads up to ${CHECKPOINT_VERSION}`,
      'update vua',
    );
  }
  for (const file of need === 'all'
    ? [...new Set([MODEL_FILE, OPTIMIZER_FILE, ...Object.keys(state.files ?? {})])]
    : [MODEL_FILE]) {
    const facts = state.files?.[file]; // version 1 had none
    const damage = facts && damageOf(join(dir, file), facts);
    if (damage) return { reason: `${join(dir, file)}: ${damage}` };
  }
  const unusable = need === 'parameters' && notNumbers(join(dir, MODEL_FILE));
  if (unusable) return { reason: `${join(dir, MODEL_FILE)}: ${unusable}` };
  return { state };
}

/**
 * Fills the arena from a checkpoint, moments only where they are needed and the arena has them.
 * @throws ToolkitError BAD_CHECKPOINT (exit 2) naming the file
 */
export function loadCheckpoint(
  { dir }: Pick<Checkpoint, 'dir'>,
  arena: Arena,
  need: OpenOptions['need'] = 'all',
): void {
  const resumes = arena.holds('m') && need === 'all';
  const moments = MOMENTS.map((part) => [part, `${part}.`] as const);
  if (resumes && arena.holds('ema')) {
    fill(MODEL_FILE, [['ema', '']]);
    fill(OPTIMIZER_FILE, [['params', 'params.'], ...moments]);
    return;
  }
  fill(MODEL_FILE, [['params', '']]);
  if (resumes) fill(OPTIMIZER_FILE, moments);

  function fill(name: string, parts: readonly (readonly [part: ArenaPart, prefix: string])[]): void {
    const file = new TensorFile(join(dir, name));
    try {
      for (const [part, prefix] of parts) {
        for (const { name } of arena.parameters) {
          if (!arena.has(part, name)) continue;
          arena.write(part, name, valuesOf(file, prefix + name, arena.view(part, name).elements));
        }
      }
    } finally {
      file.close();
    }
  }
}

/** Padding rows are not stored: fewer elements than the buffer has are right. */
function valuesOf(file: TensorFile, name: string, expected: number): Float32Array<ArrayBuffer> {
  const values = file.places.has(name) ? file.read(name) : undefined;
  if (values && values.length <= expected) return values;
  throw badInput(
    'BAD_CHECKPOINT',
    `${file.path}: tensor ${name} has ${values?.length ?? 'no'} elements, expected ${expected}`,
    'use the checkpoint with the options that it was trained with',
  );
}
