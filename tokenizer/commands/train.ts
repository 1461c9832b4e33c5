import { z } from 'zod';
import { commandLine, defineCommand, statusOf } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { MIN_VOCAB_SIZE } from '../model.ts';
import { DEFAULT_SPLIT, SPLIT_NAMES, type SplitWish } from '../text/split.ts';
import {
  DEFAULT_VOCAB_SIZE,
  MAX_SYLLABLES,
  MAX_TOKEN_BYTES,
  MAX_VOCAB_SIZE,
  MIN_FREQUENCY,
  SYLLABLE_SHARE,
  TOKENIZER_GROWN_BY,
  TOKENIZER_POLICIES,
  VALID_SHARE,
} from '../train/defaults.ts';
import type { TrainedTokenizer } from '../train/train-files.ts';

export const validShare = z
  .number()
  .min(0)
  .lt(1)
  .default(VALID_SHARE)
  .describe('share of near-duplicate clusters held out for validation');

export const vocabSize = z
  .int()
  .min(MIN_VOCAB_SIZE)
  .max(MAX_VOCAB_SIZE)
  .default(DEFAULT_VOCAB_SIZE)
  .describe('tokens: 256 bytes, 16 special tokens, the rest merges');

/** When a night trains its tokenizer anew. */
export const TOKENIZER_POLICY = {
  tokenizer: z
    .enum(TOKENIZER_POLICIES)
    .default('grow')
    .describe('train it anew: grow, when the text has grown and was too little for the vocabulary; never; always'),
  tokenizerGrownBy: z
    .number()
    .min(1)
    .default(TOKENIZER_GROWN_BY)
    .describe('with --tokenizer grow: factor by which the text has to have grown since it was trained'),
} as const;

/** What decides on the merges, beside the vocabulary size: `vua run` takes it too. */
export const LEARNING = {
  maxSyllables: z
    .int()
    .min(1)
    .max(8)
    .default(MAX_SYLLABLES)
    .describe('most syllables in a token; 1: no merge crosses a space'),
  syllableShare: z
    .number()
    .min(0)
    .max(1)
    .default(SYLLABLE_SHARE)
    .describe('with --max-syllables 2 and more: share of the merges that stay within a syllable'),
  split: z
    .enum(SPLIT_NAMES)
    .optional()
    .describe(`split rule (default: ${DEFAULT_SPLIT.name}; superbpe with --max-syllables 2 and more)`),
  digits: z.int().min(1).max(3).optional().describe('most digits in a token, of --split vua, for which it stands'),
  minFrequency: z.int().min(1).default(MIN_FREQUENCY).describe('least count of a pair that is merged'),
  maxTokenLength: z.int().min(1).max(1024).default(MAX_TOKEN_BYTES).describe('longest token, in bytes'),
  maxBytes: z
    .int()
    .min(1)
    .optional()
    .describe('learn from so many bytes at most, of documents drawn by --seed where there are more'),
  seed: z.int().min(0).default(1).describe('draws the documents of --max-bytes'),
  threads: z.int().min(1).max(256).optional().describe('threads that count (default: all processors)'),
} as const;

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
    vocabSize,
    out: z.string().describe('folder for tokenizer.json and tokenizer_config.json'),
    validShare,
    ...LEARNING,
  }),
  headings: { documents: 'Data and vocabulary', maxSyllables: 'Merges', maxBytes: 'Limits' },
  async run(options, work) {
    const { trainTokenizer } = await import('../train/train-files.ts');
    const digits = options.digits as SplitWish['digits']; // zod has no type for 1 to 3 that is still a number
    const done = await trainTokenizer({ ...options, digits }, work);
    if (done.outcome !== 'interrupted') {
      const { outcome, report } = done;
      const text =
        outcome === 'written' ? formatTrained(options.out, report) : `nothing new: ${options.out} holds this tokenizer`;
      work.report.result(text, { event: 'tokenizer', outcome, ...report });
    }
    return statusOf(done);
  },
});

function formatTrained(out: string, { vocabSize, merges, documents, bytes, words }: TrainedTokenizer): string {
  const rows = [
    ['documents', formatCount(documents)],
    ['text', formatBytes(bytes)],
    ['distinct pretokens', formatCount(words)],
    ['vocabulary', formatCount(vocabSize)],
    ['  merges', formatCount(merges)],
  ];
  return `${formatTable(rows)}\n\nnext: ${commandLine(`tokens --documents DIR --tokenizer ${out} --out DIR`)}`;
}
