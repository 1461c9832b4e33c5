/**
 * A checkpoint for other programs: a Hugging Face folder (transformers), a GGUF file (llama.cpp), or both. Tensor by
 * tensor from file to file: no adapter is needed, and memory holds one tensor.
 */
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder, readJsonIfPresent, syncFolder, writeFault, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holdsDocuments, readDocuments } from '../../shards/documents/read.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { toBrain, toHalf } from '../gpu/half.ts';
import type { ModelConfig } from '../model/config.ts';
import { type CheckpointState, MODEL_FILE, openCheckpoint } from '../record/checkpoint.ts';
import { curvePath, readCurve } from '../record/curve.ts';
import type { Dtype } from '../record/safetensors.ts';
import { TensorFile, type TensorSource, writeHashed, writeSafetensors } from '../record/tensor-file.ts';
import { heldOutFigures, readEvaluation } from '../run/history.ts';
import type { HeldOutFigures } from '../run/options.ts';
import { differencesIn, elsewhereNotes, sampleLines } from './elsewhere.ts';
import type { ExportDtype, ExportFormat, GgufType } from './formats.ts';
import { ggufBytes, ggufHeader, ggufPadding } from './gguf.ts';
import { type GgufFacts, ggufMetadata, ggufTensors } from './gguf-model.ts';
import { type LlamaRule, llamaRuleOf } from './gguf-tokenizer.ts';
import {
  assertExportable,
  configJson,
  generationConfigJson,
  type SpecialIds,
  specialIdsOf,
  type TokenizerJson,
  tokenizerConfigJson,
  tokenizerWithBos,
} from './huggingface.ts';
import { type DataShare, modelCard } from './model-card.ts';

export interface ExportOptions {
  readonly checkpoint: string;
  readonly out: string;
  readonly format: ExportFormat;
  /** Of the safetensors file; f32. */
  readonly dtype?: ExportDtype;
  /** Matrices of the GGUF file. */
  readonly ggufType: GgufType;
  /** Name in the card and in the GGUF file. */
  readonly name: string;
  /** SPDX name, for the card. */
  readonly licence?: string;
  /** Folder of document shards: their sources and licences go into the card. */
  readonly documents?: string;
  /** The checkpoint with the lowest held-out bits per byte, not the newest. */
  readonly best: boolean;
}

export interface ExportSummary {
  readonly checkpoint: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Newer checkpoints that were passed over, and what llama.cpp will do otherwise. */
  readonly warnings: readonly string[];
}

async function tokenizerIn(dir: string) {
  const ours = await Tokenizer.load(dir);
  const tokenizer = JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  const own = readJsonIfPresent<Record<string, unknown>>(join(dir, 'tokenizer_config.json')) ?? {};
  return { tokenizer, own, ours, ids: specialIdsOf(ours) };
}

interface Described extends Pick<Awaited<ReturnType<typeof tokenizerIn>>, 'tokenizer' | 'own' | 'ids'> {
  readonly config: ModelConfig;
}

/** What transformers reads beside the weights. */
const filesBeside = ({ config, tokenizer, own, ids }: Described, dtype: ExportDtype): Record<string, unknown> => ({
  'config.json': configJson(config, ids, dtype),
  'generation_config.json': generationConfigJson(ids),
  'tokenizer.json': tokenizerWithBos(tokenizer, ids),
  'tokenizer_config.json': tokenizerConfigJson(own, tokenizer, ids, config),
});

/**
 * A model without weights, for transformers and those who train with its classes: `AutoModelForCausalLM.from_config`.
 * @param tokenizerDir folder with tokenizer.json: of tokens, or of a tokenizer
 * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2), those of writing
 */
export async function writeModelConfig(out: string, config: ModelConfig, tokenizerDir: string): Promise<void> {
  const files = filesBeside({ config, ...(await tokenizerIn(tokenizerDir)) }, 'bf16');
  for (const [file, value] of Object.entries(files))
    writeFileAtomic(join(out, file), `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes into a folder of its own in OUT, and puts the files in their places when all are whole: killed before, OUT is as it
 * was.
 * @throws ToolkitError NOT_EXPORTABLE naming the switch, and those of openCheckpoint.
 */
export async function exportCheckpoint(options: ExportOptions, signal: AbortSignal): Promise<ExportSummary> {
  const { out, format, name, licence, ggufType, dtype = 'f32' } = options;
  const { dir, state, damaged, isNotBest } = openCheckpoint(options.checkpoint, {
    need: 'parameters',
    best: options.best,
  });
  const { config } = state;
  assertExportable(config);
  const { tokenizer, own, ours, ids } = await tokenizerIn(dir);
  const rule = format === 'hf' ? undefined : llamaRuleOf(ours.split); // before anything is written
  const run = dirname(resolve(dir));
  const heldOut = figuresOf(run, state);
  const notes = rule ? await llamaNotes(rule, ours, [options.documents, join(run, '..', 'documents')], signal) : [];
  const data = options.documents ? await dataShares(options.documents, signal) : [];
  const files: string[] = [];
  makeFolder(out);
  const staging = join(out, '.export.partial');
  rmSync(staging, { recursive: true, force: true });
  makeFolder(staging);
  const place = (file: string): string => {
    files.push(file);
    return join(staging, file);
  };
  const text = (file: string, content: string): void => writeFileAtomic(place(file), content);
  const json = (file: string, value: unknown): void => text(file, `${JSON.stringify(value, null, 2)}\n`);

  try {
    if (format !== 'gguf') {
      await writeWeights(place(MODEL_FILE), join(dir, MODEL_FILE), dtype);
      for (const [file, value] of Object.entries(filesBeside({ config, tokenizer, own, ids }, dtype)))
        json(file, value);
    }
    if (rule) {
      const file = `${name}-${ggufType}.gguf`;
      const chatTemplate = typeof own.chat_template === 'string' ? own.chat_template : undefined;
      const facts = { name, type: ggufType, licence, chatTemplate, rule };
      await writeGguf(place(file), join(dir, MODEL_FILE), { config, tokenizer, ids }, facts);
      text('Modelfile', modelfile(file, config, tokenizer.added_tokens.find(({ id }) => id === ids.bos)!.content));
    }
    text('README.md', modelCard({ name, state, heldOut, data, licence, files }));
    for (const file of files) renameSync(join(staging, file), join(out, file));
    syncFolder(out);
  } catch (error) {
    throw writeFault(staging, error) ?? error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return {
    checkpoint: dir,
    files: files.map((file) => ({ path: join(out, file), bytes: statSync(join(out, file)).size })),
    warnings: [
      ...(isNotBest ? [`${dir}: the newest; no checkpoint was evaluated on held-out text, so none is the best`] : []),
      ...damaged.map(({ reason }) => `damaged, passed over: ${reason}`),
      ...notes,
    ],
  };
}

/** For `ollama create NAME -f Modelfile`: it continues text as it is given; what follows the text's end is not shown. */
const modelfile = (gguf: string, { context }: ModelConfig, bos: string): string =>
  `FROM ./${gguf}
TEMPLATE "{{ .Prompt }}"
PARAMETER num_ctx ${context}
PARAMETER temperature 0.8
PARAMETER top_k 40
PARAMETER stop "${bos}"
`;

const NARROWED = { f32: undefined, f16: toHalf, bf16: toBrain } as const;

/** Names and layouts are theirs already. */
async function writeWeights(path: string, from: string, dtype: ExportDtype): Promise<void> {
  const source = new TensorFile(from);
  try {
    const tensors = [...source.places].map(([name, { shape }]): [string, TensorSource] => {
      const read = () => NARROWED[dtype]?.(source.read(name)) ?? source.read(name);
      return [name, { dtype: dtype.toUpperCase() as Dtype, shape, read }];
    });
    await writeSafetensors(path, new Map(tensors));
  } finally {
    source.close();
  }
}

/** Counted on the documents given, else on those beside the run, as `vua run` lays them. */
async function llamaNotes(rule: LlamaRule, tokenizer: Tokenizer, folders: (string | undefined)[], signal: AbortSignal) {
  const documents = folders.find((folder) => folder !== undefined && holdsDocuments(folder));
  const lines = documents === undefined ? [] : await sampleLines(documents, signal);
  return elsewhereNotes(rule, differencesIn(lines, tokenizer, rule));
}

/** Closing figures where they are of this very step or of the best one, else what the curve has up to it; of one text either way. */
function figuresOf(run: string, { step, heldOutBitsPerByte }: CheckpointState): HeldOutFigures | undefined {
  const evaluation = readEvaluation(run);
  if (evaluation?.step === step) return { ...evaluation };
  if (evaluation?.best?.step === step) return { ...evaluation, ...evaluation.best, sources: [] };
  const curve = existsSync(curvePath(run)) ? readCurve(run) : { heads: [], points: [] };
  const figures = heldOutFigures(curve, undefined, step);
  if (figures || heldOutBitsPerByte === undefined) return figures;
  return { step, bitsPerByte: heldOutBitsPerByte, sources: [] };
}

interface GgufModel {
  readonly config: ModelConfig;
  readonly tokenizer: TokenizerJson;
  readonly ids: SpecialIds;
}

async function writeGguf(
  path: string,
  from: string,
  { config, tokenizer, ids }: GgufModel,
  facts: GgufFacts,
): Promise<void> {
  const tensors = ggufTensors(config, facts.type);
  const source = new TensorFile(from);
  try {
    await writeHashed(path, async (file) => {
      file.write(ggufHeader(ggufMetadata(config, tokenizer, ids, facts), tensors));
      for (const tensor of tensors) {
        const data = tensor.convert(source.read(tensor.from));
        if (data.byteLength !== ggufBytes(tensor)) throw new Error(`tensor ${tensor.name}: ${data.byteLength} bytes`);
        file.write(data);
        file.write(ggufPadding(file.bytes)); // the data begins aligned
      }
    });
  } finally {
    source.close();
  }
}

/** Sources and licences of document shards, by bytes of text. */
async function dataShares(dir: string, signal: AbortSignal): Promise<DataShare[]> {
  const shares = new Map<string, { source: string; licence: string; documents: number; bytes: number }>();
  for await (const batch of readDocuments(dir, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      const [source, licence] = [batch.string('source', row), batch.string('licence', row)];
      const key = `${source}\n${licence}`;
      const share = shares.get(key) ?? { source, licence, documents: 0, bytes: 0 };
      share.documents++;
      share.bytes += batch.bytes('text', row).length;
      shares.set(key, share);
    }
  }
  return [...shares.values()].sort((a, b) => b.bytes - a.bytes);
}
