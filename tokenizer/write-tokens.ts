/** Document shards → token shards with a tokenizer of a folder: what `vua tokens` and `vua run` do. */
import { join } from 'node:path';
import { commandLine } from '../crawlers/shell/command.ts';
import { badInput } from '../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../crawlers/shell/folder.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { type Rank, unattended, type Work } from '../crawlers/shell/work.ts';
import { writeTokens, writeTokensOfRank } from '../shards/tokens/write.ts';
import { CONFIG_FILE } from './encode/export.ts';
import { Tokenizer } from './load.ts';
import { VALID_SHARE } from './train/defaults.ts';

export interface TokenShardOptions {
  /** Folder of document shards. */
  readonly documents: string;
  readonly tokenizer: string;
  readonly out: string;
  readonly validShare?: number;
  /** Documents that hold benchmark items; `keep`. */
  readonly contaminated?: 'drop' | 'keep';
  /** Chance, 0…1, with which each merge is left out of training text; 0. */
  readonly dropout?: number;
  /** Decides which, with the text; 1. */
  readonly dropoutSeed?: number;
}

/**
 * Encodes all documents, unless the folder holds exactly that already.
 * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER, OTHER_SHARE, BAD_OPTION (exit 2) and those of writeTokens.
 */
export const writeTokenShards = async (
  options: TokenShardOptions,
  work = unattended(),
): ReturnType<typeof writeTokens> => writeTokens(await tokenOptions(options, work), work);

/** What one of several processes encodes; `vua merge` puts it together. @throws as `writeTokenShards` and `writeTokensOfRank` */
export const writeTokenShardsOfRank = async (
  options: TokenShardOptions,
  rank: Rank,
  work = unattended(),
): ReturnType<typeof writeTokensOfRank> => writeTokensOfRank(await tokenOptions(options, work), rank, work);

async function tokenOptions(options: TokenShardOptions, { report }: Work): Promise<Parameters<typeof writeTokens>[0]> {
  const tokenizer = await Tokenizer.load(options.tokenizer);
  const { vocabSize, bosId, slow } = tokenizer;
  if (slow)
    report.note(`${options.tokenizer}: @huggingface/tokenizers encodes, many times slower than the kernel: ${slow}`);
  const { validShare = VALID_SHARE, dropout = 0, dropoutSeed = 1 } = options;
  checkShare(options.tokenizer, validShare);
  return {
    documentsDir: options.documents,
    tokenizerDir: options.tokenizer,
    outDir: options.out,
    encode: (text) => tokenizer.encode(text),
    vocabSize,
    bosId,
    validShare,
    contaminated: options.contaminated,
    ...(dropout > 0 && {
      dropout: {
        share: dropout,
        seed: dropoutSeed,
        encode: (text) => tokenizer.encodeWithDropout(text, dropout, dropoutSeed),
      },
    }),
  };
}

/** A tokenizer that held out less than is held out now has learned from some of that. */
function checkShare(dir: string, validShare: number): void {
  const { vua } = readJsonIfPresent<{ vua?: { validShare?: number } }>(join(dir, CONFIG_FILE)) ?? {};
  if (vua?.validShare === undefined || vua.validShare >= validShare) return;
  throw badInput(
    'OTHER_SHARE',
    `${dir}: learned with --valid-share ${vua.validShare}, tokens with ${validShare}: of what is held out it has seen a part`,
    `give tokens --valid-share ${vua.validShare}, or train the tokenizer with ${validShare}`,
  );
}

/** What a folder holds now. */
export function tellTokens(out: string, { outcome, report: manifest }: Made, { report }: Work): void {
  const totals = totalsOf(manifest);
  const text = outcome === 'written' ? formatTokens(out, totals) : `nothing new: ${out} holds these tokens`;
  report.result(text, { event: 'tokens', outcome, vocabSize: manifest.vocabSize, ...totals });
}

type Made = Extract<Awaited<ReturnType<typeof writeTokens>>, { readonly report: object }>;

type Count = 'documents' | 'rows' | 'textBytes';

function totalsOf({ shards }: { readonly shards: readonly Readonly<Record<Count, number>>[] }) {
  const sum = (key: Count): number => shards.reduce((total, shard) => total + shard[key], 0);
  return { documents: sum('documents'), tokens: sum('rows'), textBytes: sum('textBytes') };
}

function formatTokens(out: string, { documents, tokens, textBytes }: ReturnType<typeof totalsOf>): string {
  const rows = [
    ['documents', formatCount(documents)],
    ['text', formatBytes(textBytes)],
    ['tokens', formatCount(tokens)],
    ['bytes per token', (textBytes / Math.max(1, tokens - documents)).toFixed(2)],
  ];
  return `${formatTable(rows)}\n\nnext: ${commandLine(`train --tokens ${out} --depth 2 --steps 200 --out DIR`)}`;
}
