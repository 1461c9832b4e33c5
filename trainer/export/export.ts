/**
 * A checkpoint for other programs: a Hugging Face folder (transformers), a GGUF file (llama.cpp), or both. Tensor by
 * tensor from file to file: no adapter is needed, and memory holds one tensor.
 */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import type { ModelConfig } from '../model/config.ts';
import { type CheckpointState, MODEL_FILE, openCheckpoint } from '../record/checkpoint.ts';
import { curvePath, readCurve } from '../record/curve.ts';
import { checked, type FileFacts, TensorFile, writeHashed } from '../record/tensor-file.ts';
import { heldOutFigures, readEvaluation } from '../run/history.ts';
import type { HeldOutFigures } from '../run/options.ts';
import type { ExportFormat, GgufType } from './formats.ts';
import { ggufHeader, ggufPadding } from './gguf.ts';
import { type GgufFacts, ggufMetadata, ggufTensors } from './gguf-model.ts';
import { splitRuleOf } from './gguf-tokenizer.ts';
import {
  assertExportable,
  configJson,
  generationConfigJson,
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

/** @throws ToolkitError NOT_EXPORTABLE naming the switch, and those of openCheckpoint. */
export async function exportCheckpoint(options: ExportOptions, signal: AbortSignal): Promise<ExportSummary> {
  const { out, format, name, licence, ggufType } = options;
  const { dir, state, damaged, isNotBest } = openCheckpoint(options.checkpoint, {
    need: 'parameters',
    best: options.best,
  });
  const config: ModelConfig = state.config;
  assertExportable(config);
  const tokenizer = JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  const ids = specialIdsOf(tokenizer);
  const rule = format === 'hf' ? undefined : splitRuleOf(tokenizer); // before anything is written
  makeFolder(out);
  const written: { path: string; bytes: number }[] = [];
  const put = (file: string, write: (path: string) => void): void => {
    const path = join(out, file);
    write(path);
    written.push({ path, bytes: statSync(path).size });
  };
  const json = (file: string, value: unknown): void =>
    put(file, (path) => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`));

  if (format !== 'gguf') {
    put(MODEL_FILE, (path) => copyFileSync(join(dir, MODEL_FILE), path)); // names and layouts are theirs already
    json('config.json', configJson(config, ids));
    json('generation_config.json', generationConfigJson(ids));
    json('tokenizer.json', tokenizerWithBos(tokenizer));
    json('tokenizer_config.json', tokenizerConfigJson(config));
  }
  if (format !== 'hf') {
    const path = join(out, `${name}-${ggufType}.gguf`);
    const facts = { name, type: ggufType, licence };
    const { bytes } = await writeGguf(path, join(dir, MODEL_FILE), config, tokenizer, facts);
    written.push({ path, bytes });
  }
  const run = dirname(resolve(dir));
  const heldOut = figuresOf(run, state);
  const data = options.documents ? await dataShares(options.documents, signal) : [];
  const files = written.map(({ path }) => path.slice(out.length + 1));
  put('README.md', (path) => writeFileAtomic(path, modelCard({ name, state, heldOut, data, licence, files })));
  return {
    checkpoint: dir,
    files: written,
    warnings: [
      ...(isNotBest ? [`${dir}: the newest; no checkpoint was evaluated on held-out text, so none is the best`] : []),
      ...damaged.map(({ reason }) => `damaged, passed over: ${reason}`),
      ...(rule?.spaced ? [SPACED] : []),
    ],
  };
}

const SPACED =
  'llama.cpp has no split rule that keeps a number with the space before it: most numbers give the same tokens there, not all (trainer/README.md); give it token ids where that matters';

/** Closing figures where they are of this very step, else what the curve has up to it; of one text either way. */
function figuresOf(run: string, { step, heldOutBitsPerByte }: CheckpointState): HeldOutFigures | undefined {
  const evaluation = readEvaluation(run);
  if (evaluation?.step === step) return { ...evaluation };
  const curve = existsSync(curvePath(run)) ? readCurve(run) : { heads: [], points: [] };
  const figures = heldOutFigures(curve, undefined, step);
  if (figures || heldOutBitsPerByte === undefined) return figures;
  return { step, bitsPerByte: heldOutBitsPerByte, sources: [] };
}

async function writeGguf(
  path: string,
  from: string,
  config: ModelConfig,
  tokenizer: TokenizerJson,
  facts: GgufFacts,
): Promise<FileFacts> {
  const tensors = ggufTensors(config, facts.type);
  const source = new TensorFile(from);
  try {
    return await writeHashed(path, async (file) => {
      file.write(ggufHeader(ggufMetadata(config, tokenizer, specialIdsOf(tokenizer), facts), tensors));
      for (const { name, shape, dtype, from, convert } of tensors) {
        file.write(checked(name, { shape, dtype }, convert(source.read(from))));
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
