/** What an export is, before its first byte: all that decides over them, and its parts. */
import { resolve } from 'node:path';
import { badInput } from '../../../crawlers/shell/errors.ts';
import type { TokenType } from '../../format.ts';
import type { TokenShard } from '../../manifest-shape.ts';
import { SPLITS, type Split } from '../../split.ts';
import type { TokenFolder } from '../../tokens/source.ts';
import type { TokenFormat } from '../formats.ts';
import type { Engine, TokenPart, TokenShape } from './engine.ts';
import { ENGINES } from './engines.ts';
import type { ExportedFile } from './part-files.ts';
import { addedTokens, type Framing } from './read.ts';

export const EXPORT = { format: 'vua-token-export', version: 1 } as const;
/** A part ends with the shard that reaches this: 64 MB of lengths. */
const PART_DOCUMENTS = 1 << 24;

export interface ExportTokensOptions {
  /** Folder of tokens, or its URL. */
  readonly dir: string;
  /** Folder to make. */
  readonly out: string;
  readonly to: TokenFormat;
  /** Token behind each document; `undefined`: none. */
  readonly endId?: number;
  /** Whether BOS stays in front of each. Default: yes, unless it is the same token as the end. */
  readonly bos?: 'keep' | 'drop';
  /** Tokens of a row, where the engine knows rows; 0: a document is a row. */
  readonly context?: number;
  /** Tokens after which a part ends with its shard. */
  readonly partTokens?: number;
}

export interface ExportedPart {
  readonly documents: number;
  readonly tokens: number;
  /** xxhash64 of all tokens as they were given to the engine, u32 little-endian: the same for every engine. */
  readonly tokenHash: string;
  /** The same of the lengths of its documents. */
  readonly lengthHash: string;
  readonly files: readonly ExportedFile[];
}

/** What `manifest.json` says. */
export interface TokenExport {
  readonly format: (typeof EXPORT)['format'];
  readonly version: number;
  readonly to: TokenFormat;
  readonly dtype: TokenType;
  readonly vocabSize: number;
  /** `null`: taken away. */
  readonly bosId: number | null;
  /** `null`: nothing stands behind a document. */
  readonly endId: number | null;
  readonly context: number;
  /** Checksum of tokenizer.json, and of the tokens that it was made from. */
  readonly tokenizer: string;
  readonly source: string;
  readonly splits: Readonly<Partial<Record<Split, readonly ExportedPart[]>>>;
}

export interface Planned extends TokenPart {
  readonly shards: readonly TokenShard[];
}

/** All that decides over the bytes. */
export interface Export {
  readonly folder: TokenFolder;
  readonly engine: Engine;
  readonly shape: TokenShape;
  readonly framing: Framing;
  readonly head: Omit<TokenExport, 'splits'>;
  readonly plan: readonly Planned[];
  /** Where it grows. */
  readonly staging: string;
}

export function decided(options: ExportTokensOptions, folder: TokenFolder): Export {
  const { to, endId } = options;
  const { vocabSize, bosId, tokenizer } = folder.manifest;
  const engine = ENGINES[to];
  const keepsBos = (options.bos ?? (endId === bosId ? 'drop' : 'keep')) === 'keep';
  const shape = { dtype: engine.dtype(vocabSize), vocabSize, context: options.context ?? engine.context ?? 0 };
  if (shape.context > 0 && !engine.rows)
    throw badInput(
      'BAD_OPTION',
      `--to ${to}: has no rows of a fixed length`,
      'leave out --context: training there says it',
    );
  const framing = { dtype: shape.dtype, keepsBos, endId };
  const head = {
    ...EXPORT,
    ...{ to, ...shape, bosId: keepsBos ? bosId : null, endId: endId ?? null },
    ...{ tokenizer, source: folder.fingerprint },
  };
  const plan = planned(folder, framing, options.partTokens ?? engine.partTokens);
  if (plan.length === 0)
    throw badInput('NO_DOCUMENTS', `${folder.where}: 0 documents, expected at least 1`, 'see `vua stats`');
  return { folder, engine, shape, framing, head, plan, staging: `${resolve(options.out)}.partial` };
}

/** The shards of each split, dealt into parts in their order. */
function planned({ manifest }: TokenFolder, framing: Framing, partTokens: number): Planned[] {
  return SPLITS.flatMap((split) => {
    const parts: { shards: TokenShard[]; documents: number; tokens: number }[] = [];
    for (const shard of manifest.shards.filter((other) => other.split === split && other.documents > 0)) {
      const last = parts.at(-1);
      const isFull = last === undefined || last.tokens >= partTokens || last.documents >= PART_DOCUMENTS;
      const part = isFull ? { shards: [], documents: 0, tokens: 0 } : last;
      if (isFull) parts.push(part);
      part.shards.push(shard);
      part.documents += shard.documents;
      part.tokens += shard.rows + shard.documents * addedTokens(framing);
    }
    return parts.map((part, index) => ({ ...part, split, index, of: parts.length }));
  });
}
