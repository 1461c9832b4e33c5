/** A folder of tokens with documents of every length, by an encoder that needs no tokenizer, and what stands in it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tokenTypeFor } from '../../shards/format.ts';
import { SPLITS, type Split } from '../../shards/split.ts';
import { openTokens, TOKEN_ARRAYS } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { document, writeFolder } from './support.ts';

export interface MadeTokens {
  readonly dir: string;
  readonly bosId: number;
  readonly endId: number;
  /** Tokens of each document, BOS in front. */
  readonly documents: Readonly<Record<Split, readonly number[][]>>;
}

/** `count` documents: one without a token, one of one, one that is `longest`, the others of `mean` or so. */
export async function makeTokens(
  dir: string,
  {
    count = 90,
    vocabSize = 300,
    longest = 3000,
    batchTokens = 400,
    shardTokens = 1500,
    validShare = 0.3,
    mean = 105,
    keep = true,
  } = {},
): Promise<MadeTokens> {
  const [bosId, endId] = [vocabSize - 2, vocabSize - 1];
  const lengthOf = (n: number): number => (n < 2 ? n : n === 2 ? longest : (n * 37) % (2 * mean + 1));
  const documentsDir = join(dir, 'documents');
  mkdirSync(documentsDir, { recursive: true });
  writeFolder(
    documentsDir,
    Array.from({ length: count }, (_, n) =>
      document(n, { text: `${n} ${'x'.repeat(lengthOf(n))}`, source: `nguồn, "${n % 7}"` }),
    ),
  );
  writeFileSync(join(documentsDir, 'tokenizer.json'), '{"of":"bytes"}');
  writeFileSync(join(documentsDir, 'tokenizer_config.json'), '{}');
  const TokenIds = TOKEN_ARRAYS[tokenTypeFor(vocabSize)];
  const encode = (text: Uint8Array) => {
    const n = Number.parseInt(Buffer.from(text).toString(), 10);
    const ids = new TokenIds(lengthOf(n));
    for (let i = 0; i < ids.length; i++) ids[i] = (n * 7919 + i * 104_729) % bosId;
    return ids;
  };
  const outDir = join(dir, 'tokens');
  await writeTokens({
    ...{ documentsDir, tokenizerDir: documentsDir, outDir, encode, vocabSize, bosId },
    ...{ validShare, batchTokens, shardTokens },
  });
  const documents: Record<Split, number[][]> = { train: [], valid: [] };
  const folder = await openTokens(outDir);
  for (const split of keep ? SPLITS : []) {
    const source = folder.source(split);
    for (let i = 0; i < source.batchTokens.length; i++) {
      for (const token of await source.load(i)) {
        if (token === bosId) documents[split].push([]);
        documents[split].at(-1)!.push(token);
      }
    }
  }
  return { dir: outDir, bosId, endId, documents };
}
