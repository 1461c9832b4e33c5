/** `vua tokenizer train` and `vua tokens`, and what they do for `vua run`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type CommandContext,
  commandLine,
  defineCommand,
  INTERRUPTED,
  NOTHING_NEW,
} from '../crawlers/shell/command.ts';
import { lockFolder, writeFileAtomic } from '../crawlers/shell/folder.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import type { TokenManifest } from '../shards/manifest.ts';
import { VALID_SHARE } from '../shards/split.ts';
import { type TokenSummary, writeTokens } from '../shards/write-tokens.ts';
import { expectedBytes, readTrainingTexts } from './documents.ts';
import { CONFIG_FILE, TOKENIZER_FILE, tokenizerConfigJson, tokenizerJson } from './export.ts';
import { Tokenizer } from './load.ts';
import { MIN_VOCAB_SIZE, mergeCount, vocabSizeOf } from './model.ts';
import { MAX_VOCAB_SIZE, MIN_FREQUENCY, type TrainProgress, trainBpe } from './train.ts';

const validShare = z
  .number()
  .min(0)
  .lt(1)
  .default(VALID_SHARE)
  .describe('share of near-duplicate clusters held out for validation');

export const tokenizerTrainCommand = defineCommand({
  name: 'tokenizer train',
  summary: 'train a byte-level BPE tokenizer for Vietnamese',
  examples: [
    'vua tokenizer train --documents out/documents --vocab-size 16384 --out out/tokenizer',
    'vua tokenizer train --documents wiki.jsonl.gz truyen/ --vocab-size 32768 --out tokenizer',
  ],
  options: z.object({
    documents: z
      .array(z.string())
      .min(1)
      .describe('folders of document shards; or files and folders that `vua clean` reads'),
    vocabSize: z
      .number()
      .int()
      .min(MIN_VOCAB_SIZE)
      .max(MAX_VOCAB_SIZE)
      .describe('tokens: 256 bytes, 16 special tokens, the rest merges'),
    out: z.string().describe('folder for tokenizer.json and tokenizer_config.json'),
    validShare,
    minFrequency: z.number().int().min(1).default(MIN_FREQUENCY).describe('least count of a pair that is merged'),
  }),
  async run(options, context) {
    const unlock = lockFolder(options.out);
    try {
      const trained = await trainTokenizer(options, context);
      if (trained === undefined) return INTERRUPTED;
      context.report.result(formatTrained(options.out, trained), { event: 'tokenizer', ...trained });
      return trained.outcome === 'written' ? 0 : NOTHING_NEW;
    } finally {
      unlock();
    }
  },
});

export const tokensCommand = defineCommand({
  name: 'tokens',
  summary: 'encode document shards into token shards, split into train and valid',
  examples: ['vua tokens --documents out/documents --tokenizer out/tokenizer --out out/tokens'],
  options: z.object({
    documents: z.string().describe('folder of document shards (vua clean)'),
    tokenizer: z.string().describe('folder with tokenizer.json (vua tokenizer train)'),
    out: z.string().describe('folder of token shards to write'),
    validShare,
  }),
  async run(options, context) {
    const { outcome, manifest } = await writeTokenShards(options, context);
    if (outcome === 'interrupted') return INTERRUPTED;
    context.report.result(formatTokens(options.out, outcome, manifest!), {
      event: 'tokens',
      outcome,
      vocabSize: manifest!.vocabSize,
      ...totalsOf(manifest!),
    });
    return outcome === 'written' ? 0 : NOTHING_NEW;
  },
});

export interface TrainTokenizerOptions {
  /** As `readTrainingTexts` takes them. */
  readonly documents: readonly string[];
  readonly vocabSize: number;
  readonly out: string;
  readonly validShare?: number;
  readonly minFrequency?: number;
}

export interface TrainedTokenizer {
  /** `nothing_new`: the folder held this very tokenizer. */
  readonly outcome: 'written' | 'nothing_new';
  /** The true size: less than asked for when the corpus gave too few merges. */
  readonly vocabSize: number;
  readonly merges: number;
  readonly documents: number;
  /** UTF-8 bytes learned from. */
  readonly bytes: number;
  /** Distinct pretokens. */
  readonly words: number;
}

/**
 * Trains and writes a tokenizer; the folder is untouched until the end.
 * @returns `undefined` when `context.signal` was aborted.
 * @throws ToolkitError BAD_VOCAB_SIZE, EMPTY_CORPUS (exit 2) and those of readTrainingTexts.
 */
export async function trainTokenizer(
  options: TrainTokenizerOptions,
  { signal, report }: CommandContext,
): Promise<TrainedTokenizer | undefined> {
  const { documents: paths, vocabSize, out, validShare: share = VALID_SHARE, minFrequency } = options;
  const counting = report.stage('count', 'bytes', expectedBytes(paths, share));
  let merging: ReturnType<typeof report.stage> | undefined;
  let documents = 0;
  let counted: TrainProgress | undefined;
  async function* texts(): AsyncGenerator<Uint8Array> {
    for await (const text of readTrainingTexts(paths, share, signal)) {
      documents++;
      yield text;
    }
  }
  const onProgress = (progress: TrainProgress): void => {
    const { stage, done, total, words } = progress;
    if (stage === 'count') {
      counted = progress;
      counting.update(done, { words });
      return;
    }
    if (merging === undefined) {
      counting.finish({ words });
      merging = report.stage('merge', 'merges', total);
    }
    merging.update(done);
  };
  try {
    const model = await trainBpe(texts(), { vocabSize, minFrequency, corpus: paths.join(', '), signal, onProgress });
    merging?.finish();
    const size = vocabSizeOf(model);
    if (size < vocabSize) {
      report.note(
        `the corpus gives a vocabulary of ${formatCount(size)}, not ${formatCount(vocabSize)}: no pair is left`,
      );
    }
    const outcome = writeIfNew(out, tokenizerJson(model));
    const { done: bytes, words } = counted!;
    return { outcome, vocabSize: size, merges: mergeCount(model), documents, bytes, words };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

export interface TokenShardOptions {
  /** Folder of document shards. */
  readonly documents: string;
  readonly tokenizer: string;
  readonly out: string;
  readonly validShare?: number;
}

/**
 * Encodes all documents, unless the folder holds exactly that already.
 * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2) and those of writeTokens.
 */
export async function writeTokenShards(options: TokenShardOptions, context: CommandContext): Promise<TokenSummary> {
  const tokenizer = await Tokenizer.load(options.tokenizer);
  const { vocabSize, bosId } = tokenizer;
  return writeTokens(
    {
      documentsDir: options.documents,
      tokenizerDir: options.tokenizer,
      outDir: options.out,
      encode: (text) => tokenizer.encode(text),
      vocabSize,
      bosId,
      validShare: options.validShare,
    },
    context,
  );
}

/** tokenizer.json goes last: a folder that holds it holds both files. */
function writeIfNew(dir: string, json: string): TrainedTokenizer['outcome'] {
  const files = { [CONFIG_FILE]: tokenizerConfigJson(), [TOKENIZER_FILE]: json };
  const stale = Object.entries(files).filter(([name, text]) => {
    const path = join(dir, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  for (const [name, text] of stale) writeFileAtomic(join(dir, name), text);
  return stale.length > 0 ? 'written' : 'nothing_new';
}

function formatTrained(out: string, { outcome, ...figures }: TrainedTokenizer): string {
  if (outcome === 'nothing_new') return `nothing new: ${out} holds this tokenizer`;
  const { vocabSize, merges, documents, bytes, words } = figures;
  const rows = [
    ['documents', formatCount(documents)],
    ['text', formatBytes(bytes)],
    ['distinct pretokens', formatCount(words)],
    ['vocabulary', formatCount(vocabSize)],
    ['  merges', formatCount(merges)],
  ];
  return `${formatTable(rows)}\n\nnext: ${commandLine(`tokens --documents DIR --tokenizer ${out} --out DIR`)}`;
}

function totalsOf({ shards }: TokenManifest): { documents: number; tokens: number; textBytes: number } {
  const sum = (key: 'documents' | 'rows' | 'textBytes'): number =>
    shards.reduce((total, shard) => total + shard[key], 0);
  return { documents: sum('documents'), tokens: sum('rows'), textBytes: sum('textBytes') };
}

function formatTokens(out: string, outcome: TokenSummary['outcome'], manifest: TokenManifest): string {
  if (outcome === 'nothing_new') return `nothing new: ${out} holds these tokens`;
  const { documents, tokens, textBytes } = totalsOf(manifest);
  const rows = [
    ['documents', formatCount(documents)],
    ['text', formatBytes(textBytes)],
    ['tokens', formatCount(tokens)],
    ['bytes per token', (textBytes / Math.max(1, tokens - documents)).toFixed(2)],
  ];
  return `${formatTable(rows)}\n\nnext: ${commandLine(`train --tokens ${out} --depth 2 --steps 200 --out DIR`)}`;
}
