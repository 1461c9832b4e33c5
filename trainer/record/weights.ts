/**
 * Weights that a training goes on from: a checkpoint of ours, a folder as transformers writes it (`config.json`, one
 * safetensors file or several with their index, in f32, f16 or bf16), or a GGUF file. One tensor at a time: no model stands
 * in memory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import type { Arena } from '../model/arena.ts';
import { EMBEDDING, type ModelConfig, storedShape } from '../model/config.ts';
import { type CheckpointState, checkpointsIn, MODEL_FILE, openCheckpoint } from './checkpoint.ts';
import { ggufConfig, ggufTensors, ggufTokenizer, isGguf } from './gguf-weights.ts';
import { configFromHuggingFace } from './huggingface-config.ts';
import { modelFolder } from './models.ts';
import { factsOf, TensorFile, type Tensors } from './tensor-file.ts';

export const CONFIG_FILE = 'config.json';
const INDEX_FILE = `${MODEL_FILE}.index.json`;

/** What a model was trained on, in one run. */
export interface Training {
  readonly steps: number;
  /** Seen, with repetitions. */
  readonly tokens: number;
  /** Fingerprint of the folders. */
  readonly on: string;
}

/** All trainings of a model, the first one first; of one that began elsewhere those here. */
export function trainingsOf({ step, config, options, extra }: CheckpointState): Training[] {
  const origin = extra?.origin as { readonly past?: readonly Training[] } | undefined;
  const tokens = step * Number(options.batch ?? 0) * config.context;
  return [...(origin?.past ?? []), { steps: step, tokens, on: String(options.tokens) }];
}

export interface Weights {
  /** Folder of the files. */
  readonly dir: string;
  /** Of the weights as they are. */
  readonly config: ModelConfig;
  /** Changes with the weights. */
  readonly fingerprint: string;
  /** Newer checkpoints that were passed over, and why. */
  readonly damaged: readonly string[];
  /** Trainings that made them; none of weights from elsewhere. */
  readonly past: readonly Training[];
  /** Opens the files; whoever does closes them. @throws ToolkitError BAD_CHECKPOINT */
  readonly tensors: () => Tensors;
  /** Bytes of tokenizer.json beside the weights, as they are; none of a GGUF file. */
  readonly tokenizerJson: () => Uint8Array | undefined;
  /** @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER, NOT_IMPORTABLE (exit 2) */
  readonly tokenizer: () => Promise<Tokenizer>;
}

/**
 * @param dir A checkpoint, a folder that holds them (the newest whole one is taken), one of transformers, or a GGUF file.
 * @throws ToolkitError (exit 2) NO_CHECKPOINT, BAD_CHECKPOINT, NOT_IMPORTABLE, BAD_TOKENIZER
 */
export function openWeights(dir: string): Weights {
  if (isGguf(dir)) return openGguf(dir);
  const isTheirs = existsSync(join(dir, CONFIG_FILE)) && !existsSync(join(dir, 'state.json'));
  if (isTheirs && checkpointsIn(modelFolder(dir)).length === 0) return openHuggingFace(dir);
  const checkpoint = openCheckpoint(dir, { need: 'parameters' });
  const path = join(checkpoint.dir, MODEL_FILE);
  return {
    ...{ dir: checkpoint.dir, config: checkpoint.state.config, past: trainingsOf(checkpoint.state) },
    damaged: checkpoint.damaged.map(({ reason }) => reason),
    fingerprint: checkpoint.state.files?.[MODEL_FILE]?.checksum ?? factsOf(path).checksum,
    tensors: () => inFiles(() => path),
    ...beside(checkpoint.dir),
  };
}

const beside = (dir: string): Pick<Weights, 'tokenizerJson' | 'tokenizer'> => ({
  tokenizerJson: () =>
    existsSync(join(dir, 'tokenizer.json')) ? readFileSync(join(dir, 'tokenizer.json')) : undefined,
  tokenizer: () => Tokenizer.load(dir),
});

function openGguf(path: string): Weights {
  const config = ggufConfig(path);
  return {
    ...{ dir: path, config, past: [], damaged: [], fingerprint: factsOf(path).checksum },
    tensors: () => ggufTensors(path, config),
    tokenizerJson: () => undefined,
    tokenizer: async () => ggufTokenizer(path),
  };
}

/** Tensors of safetensors files, each opened when something of it is read. */
function inFiles(fileOf: (name: string) => string): Tensors {
  const open = new Map<string, TensorFile>();
  const at = (name: string): { file: TensorFile; own: string } => {
    const path = fileOf(name);
    const file = open.get(path) ?? new TensorFile(path);
    open.set(path, file);
    return { file, own: file.places.has(name) ? name : name.replace(/^model\./, '') };
  };
  return {
    pathOf: fileOf,
    shapeOf(name) {
      const { file, own } = at(name);
      return file.places.get(own)?.shape;
    },
    read(name) {
      const { file, own } = at(name);
      return file.read(own);
    },
    close() {
      for (const file of open.values()) file.close();
    },
  };
}

function openHuggingFace(dir: string): Weights {
  const read = readJson(join(dir, CONFIG_FILE));
  const config = configFromHuggingFace(read, join(dir, CONFIG_FILE));
  const fileOf = filesOf(dir);
  const paths = [...new Set([...fileOf.values()])];
  const checksums = paths.map((path) => factsOf(path).checksum);
  return {
    ...{ dir, config, past: [], damaged: [] },
    fingerprint: checksumOf(new TextEncoder().encode([JSON.stringify(config), ...checksums].join(' '))),
    tensors: () => inFiles((name) => fileOf.get(name) ?? missing(dir, name)),
    ...beside(dir),
  };
}

/** The file of each tensor, under the names that a model with a head has. */
function filesOf(dir: string): ReadonlyMap<string, string> {
  const index = join(dir, INDEX_FILE);
  let entries: [name: string, path: string][];
  if (existsSync(index)) {
    const map = (readJson(index).weight_map ?? {}) as Record<string, string>;
    entries = Object.entries(map).map(([name, file]) => [name, join(dir, basename(file))]);
  } else {
    const path = join(dir, MODEL_FILE);
    if (!existsSync(path)) {
      const found = existsSync(join(dir, 'pytorch_model.bin')) ? 'pytorch_model.bin' : 'no weights';
      throw badInput(
        'NOT_IMPORTABLE',
        `${dir}: ${found}, expected ${MODEL_FILE} or ${INDEX_FILE}`,
        'in Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(DIR)',
      );
    }
    const file = new TensorFile(path);
    entries = [...file.places.keys()].map((name) => [name, path]);
    file.close();
  }
  // A model that was saved without its head has no `model.` before its names.
  const isBare = entries.some(([name]) => `model.${name}` === EMBEDDING);
  return new Map(isBare ? entries.map(([name, path]) => [`model.${name}`, path]) : entries);
}

function readJson(path: string): Record<string, unknown> {
  const value = readJsonIfPresent<Record<string, unknown>>(path);
  if (typeof value === 'object' && value !== null) return value;
  throw badInput('BAD_CHECKPOINT', `${path}: expected a JSON object`, 'restore the file from a copy');
}

function missing(dir: string, name: string): never {
  throw badInput('BAD_CHECKPOINT', `${dir}: no tensor ${name}`, `expected by what ${CONFIG_FILE} says`);
}

/** Of each new token the old ids that its bytes are made of. */
export type NewRows = ReadonlyMap<number, readonly number[]>;

/**
 * Fills the parameters; rows of new tokens become the mean of the rows of their pieces.
 * @throws ToolkitError BAD_CHECKPOINT naming file, tensor and shapes
 */
export function loadWeights(weights: Weights, arena: Arena, newRows: NewRows = new Map()): void {
  const tensors = weights.tensors();
  try {
    for (const parameter of arena.parameters) {
      const path = tensors.pathOf(parameter.name);
      const found = tensors.shapeOf(parameter.name);
      const expected = storedShape(parameter, weights.config);
      if (found?.join() !== expected.join()) {
        throw badInput(
          'BAD_CHECKPOINT',
          `${path}: tensor ${parameter.name} is ${found ? `[${found}]` : 'missing'}, expected [${expected}]`,
          'the weights and what is said of their shapes do not belong together',
        );
      }
      const values = tensors.read(parameter.name);
      const isTable = parameter.group === 'embedding' || parameter.group === 'head';
      arena.write('params', parameter.name, isTable ? withRows(values, newRows, expected[1]) : values);
    }
  } finally {
    tensors.close();
  }
}

/** A table [V, C] with the new rows in it; it may grow. */
function withRows(table: Float32Array<ArrayBuffer>, newRows: NewRows, C: number): Float32Array<ArrayBuffer> {
  if (newRows.size === 0) return table;
  const rows = Math.max(table.length / C, ...[...newRows.keys()].map((id) => id + 1));
  const grown = new Float32Array(rows * C);
  grown.set(table);
  for (const [id, pieces] of newRows) {
    const row = grown.subarray(id * C, (id + 1) * C).fill(0);
    for (const piece of pieces) for (let c = 0; c < C; c++) row[c] += table[piece * C + c] / pieces.length;
  }
  return grown;
}
