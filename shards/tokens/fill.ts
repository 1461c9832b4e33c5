/** Documents of a folder → writers of tokens, each on its side. */
import type { Progress } from '../../crawlers/shell/reporter.ts';
import { hashOf } from '../checksum.ts';
import { readDocumentShards, sideOf } from '../documents/read.ts';
import type { DocumentShard } from '../manifest-shape.ts';
import { SPLITS, type Split } from '../split.ts';
import type { Compared, TokenFacts, TokenOptions, TokenPlan } from './plan.ts';
import { KnownTokens } from './reuse.ts';
import { reopenTokens, type TokenArray } from './source.ts';
import { SplitWriter } from './split-writer.ts';

export type Writers = Readonly<Record<Split, SplitWriter>>;

/** @param first numbers of their first shards */
export function openWriters(
  options: TokenFacts,
  { wanted }: Pick<Compared, 'wanted'>,
  first: Readonly<Record<Split, number>>,
): Writers {
  const open = (split: Split): SplitWriter => new SplitWriter(options, split, wanted.dtype, first[split]);
  return { train: open('train'), valid: open('valid') };
}

export function discard(writers: Writers): void {
  for (const split of SPLITS) writers[split].discard();
}

/** Ids of a text without BOS, valid until the next are asked for. */
export type TokensOf = (text: Uint8Array, textHash: bigint, side: Split) => TokenArray | Promise<TokenArray>;

export interface Filling {
  readonly writers: Writers;
  readonly tokensOf: TokensOf;
  readonly signal: AbortSignal;
  /** After each document that has tokens. */
  readonly tell: () => void;
}

/** What is encoded, and what is copied from the tokens that are there. */
export async function encoderOf(options: TokenOptions, { old, groups }: TokenPlan) {
  const kept = new Set(groups.flatMap((group) => group.kept ?? []));
  const others = new Set(old?.shards.filter((shard) => !kept.has(shard)));
  // With dropout the tokens of a text depend on its side.
  const isKnown = old !== undefined && options.dropout === undefined;
  const known = isKnown ? await KnownTokens.of(await reopenTokens(options.outDir, old), others) : undefined;
  let encoded = 0;
  const tokensOf: TokensOf = (text, textHash, side) => {
    if (known?.has(textHash, text.length)) return known.read(textHash);
    encoded++;
    return (side === 'train' && options.dropout?.encode(text)) || options.encode(text);
  };
  return {
    tokensOf,
    /** Texts that were not there. */
    get encoded() {
      return encoded;
    },
  };
}

/** @returns documents that were left out: those that hold benchmark items. Stopped by the signal it returns too. */
export async function fill(
  { documentsDir, validShare, contaminated }: TokenFacts,
  { sides }: Pick<TokenPlan, 'sides'>,
  documents: readonly DocumentShard[],
  { writers, tokensOf, signal, tell }: Filling,
): Promise<number> {
  let left = 0;
  for await (const batch of readDocumentShards(documentsDir, documents, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      if (contaminated === 'drop' && batch.bytes('contamination', row).length > 0) {
        left++;
        continue;
      }
      const text = batch.bytes('text', row);
      const textHash = hashOf(text);
      const of = {
        ...{ textHash, textBytes: text.length },
        ...{ cluster: batch.string('cluster', row), source: batch.string('source', row) },
      };
      const side = sideOf(sides, batch, row, validShare);
      writers[side].add(of, await tokensOf(text, textHash, side));
      tell();
    }
  }
  return left;
}

/** Tells of documents as they are done. */
export function telling(progress: Progress, figures: () => Record<string, number>): () => void {
  let done = 0;
  return () => progress.update(++done, figures());
}
