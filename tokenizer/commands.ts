/** `vua tokenizer train` and `vua tokens`, and what they do for `vua run`. */
import { z } from 'zod';
import { commandLine, defineCommand, INTERRUPTED, NOTHING_NEW } from '../crawlers/shell/command.ts';
import { lockFolder } from '../crawlers/shell/folder.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import type { Work } from '../crawlers/shell/work.ts';
import type { TokenManifest } from '../shards/manifest.ts';
import { VALID_SHARE } from '../shards/split.ts';
import { type TokenSummary, writeTokens } from '../shards/tokens/write.ts';
import { Tokenizer } from './load.ts';
import { MIN_VOCAB_SIZE } from './model.ts';
import { DEFAULT_SPLIT, type SplitRule } from './text/pretokenize.ts';
import { DEFAULT_VOCAB_SIZE, MAX_TOKEN_BYTES, MAX_VOCAB_SIZE, MIN_FREQUENCY, SYLLABLE_SHARE } from './train/train.ts';
import { type TrainedTokenizer, trainTokenizer } from './train/train-files.ts';

export { DEFAULT_VOCAB_SIZE } from './train/train.ts';
export { trainTokenizer } from './train/train-files.ts';

const validShare = z
  .number()
  .min(0)
  .lt(1)
  .default(VALID_SHARE)
  .describe('share of near-duplicate clusters held out for validation');

/**
 * By bits per byte at equal FLOPs (README.md): merges across spaces win when learned from tens of megabytes, and lose when
 * learned from a third of one. So the command has them, and `vua run`, which trains on its first night's text, has not.
 */
const SYLLABLES = 4;

/** What decides on the merges, beside the vocabulary size. */
const LEARNING = {
  maxSyllables: z
    .number()
    .int()
    .min(1)
    .max(8)
    .default(SYLLABLES)
    .describe('most syllables in a token; 1: no merge crosses a space'),
  syllableShare: z
    .number()
    .min(0)
    .max(1)
    .default(SYLLABLE_SHARE)
    .describe('with --max-syllables 2 and more: share of the merges that stay within a syllable'),
  digits: z.number().int().min(1).max(3).default(DEFAULT_SPLIT.digits).describe('most digits in a token'),
  minFrequency: z.number().int().min(1).default(MIN_FREQUENCY).describe('least count of a pair that is merged'),
  maxTokenLength: z.number().int().min(1).max(1024).default(MAX_TOKEN_BYTES).describe('longest token, in bytes'),
  maxBytes: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('learn from so many bytes at most, of documents drawn by --seed where there are more'),
  seed: z.number().int().min(0).default(1).describe('draws the documents of --max-bytes'),
};

export const tokenizerTrainCommand = defineCommand({
  name: 'tokenizer train',
  summary: 'train a byte-level BPE tokenizer for Vietnamese',
  examples: [
    'vua tokenizer train --documents out/documents --out out/tokenizer',
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
      .default(DEFAULT_VOCAB_SIZE)
      .describe('tokens: 256 bytes, 16 special tokens, the rest merges'),
    out: z.string().describe('folder for tokenizer.json and tokenizer_config.json'),
    validShare,
    ...LEARNING,
    threads: z.number().int().min(1).max(256).optional().describe('threads that count (default: all processors)'),
  }),
  async run(options, context) {
    const unlock = lockFolder(options.out);
    try {
      const digits = options.digits as SplitRule['digits']; // zod has no type for 1 to 3 that is still a number
      const trained = await trainTokenizer({ ...options, digits }, context);
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
export async function writeTokenShards(options: TokenShardOptions, context: Work): Promise<TokenSummary> {
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
