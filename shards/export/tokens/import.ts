/**
 * Tokens of other engines → a folder of tokens of ours: ids as they are, one BOS in front of each document. Text, and
 * with it bits per byte, follows from the tokenizer, which has to be the one that they were made with.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { makeFolder } from '../../../crawlers/shell/folder.ts';
import { holding } from '../../../crawlers/shell/lock.ts';
import { breather, type Outcome, unattended, type Work } from '../../../crawlers/shell/work.ts';
import { checksumOf, createChecksum, first53, hashOf } from '../../checksum.ts';
import { TOKENS, tokenTypeFor } from '../../format.ts';
import { writeManifest } from '../../manifest.ts';
import type { TokenManifest } from '../../manifest-shape.ts';
import { SPLITS, type Split, splitOfKey } from '../../split.ts';
import { SplitWriter } from '../../tokens/split-writer.ts';
import { writeCounts } from '../../tokens/write-counts.ts';
import type { ForeignTokens } from '../formats.ts';
import { type ForeignFile, foreignDocuments, foreignFiles, isHeldOut } from './foreign.ts';

/** What an import asks of a tokenizer. */
export interface TokenNames {
  readonly vocabSize: number;
  readonly bosId: number;
  readonly eosId: number;
  decodeBytes(ids: Iterable<number>): Uint8Array;
}

export interface ImportTokensOptions {
  /** Folder with pairs of files, or the common part of the names of one pair. */
  readonly from: string;
  readonly format: ForeignTokens;
  /** Folder with tokenizer.json and tokenizer_config.json. */
  readonly tokenizerDir: string;
  readonly tokenizer: TokenNames;
  readonly out: string;
  /** Where no file is held out by its name: the share of texts that is. */
  readonly validShare: number;
  /** Name of the source in tables and evaluations. */
  readonly source?: string;
}

const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

/**
 * @returns the manifest
 * @throws ToolkitError NO_DOCUMENTS, BAD_SHARD, BAD_TOKEN (another tokenizer), BAD_OPTION (OUT holds something)
 */
export async function importTokens(
  options: ImportTokensOptions,
  work: Work = unattended(),
): Promise<Outcome<TokenManifest, undefined>> {
  const { out } = options;
  if (existsSync(out) && readdirSync(out).length > 0)
    throw badInput('BAD_OPTION', `--out ${out}: holds something, expected a new or an empty folder`, 'name another');
  const files = foreignFiles(options.format, options.from);
  return holding(out, [], () => importAll(options, files, work));
}

async function importAll(
  { format, tokenizerDir, tokenizer, out, validShare, source = format }: ImportTokensOptions,
  files: readonly ForeignFile[],
  { signal, report }: Work,
): Promise<Outcome<TokenManifest, undefined>> {
  const { vocabSize, bosId, eosId } = tokenizer;
  const dtype = tokenTypeFor(vocabSize);
  const [json] = TOKENIZER_FILES.map((name) => readFileSync(join(tokenizerDir, name)));
  makeFolder(out);
  const writers = Object.fromEntries(
    SPLITS.map((split) => [split, new SplitWriter({ outDir: out, vocabSize, bosId }, split, dtype, 0)]),
  ) as Record<Split, SplitWriter>;
  const namesSplits = files.some(isHeldOut);
  const made = createChecksum();
  const breath = breather(undefined);
  const progress = report.stage('import', 'documents');
  let done = 0;
  try {
    for (const file of files) {
      for (const framed of foreignDocuments(format, file)) {
        await breath();
        if (signal.aborted) return { outcome: 'interrupted', report: undefined };
        const document = bare(framed, bosId, eosId, vocabSize, file);
        const ids = dtype === 'uint16' ? Uint16Array.from(document) : document;
        const text = tokenizer.decodeBytes(ids);
        const textHash = hashOf(text);
        const split = namesSplits ? (isHeldOut(file) ? 'valid' : 'train') : splitOfKey(first53(textHash), validShare);
        const cluster = textHash.toString(16).padStart(16, '0');
        made.update(Buffer.from(cluster));
        writers[split].add({ textHash, textBytes: text.length, cluster, source }, ids);
        progress.update(++done);
      }
    }
    const shards = SPLITS.flatMap((split) => writers[split].take());
    for (const name of TOKENIZER_FILES) copyFileSync(join(tokenizerDir, name), join(out, name));
    const manifest: TokenManifest = {
      ...TOKENS,
      ...{ dtype, vocabSize, bosId, tokenizer: checksumOf(json), documents: made.digest(), validShare },
      ...{ counts: writeCounts(out, writers.train.counts), shards },
    };
    writeManifest(out, manifest);
    progress.finish();
    return { outcome: 'written', report: manifest };
  } finally {
    for (const split of SPLITS) writers[split].discard();
  }
}

/** A document without the BOS in front of it and the ends behind. @throws ToolkitError BAD_TOKEN */
function bare(ids: Uint32Array, bosId: number, eosId: number, vocabSize: number, { tokens }: ForeignFile): Uint32Array {
  const from = ids[0] === bosId ? 1 : 0;
  let end = ids.length;
  while (end > from && (ids[end - 1] === eosId || ids[end - 1] === bosId)) end--;
  const document = ids.subarray(from, end);
  const wrong = document.findIndex((id) => id >= vocabSize || id === bosId);
  if (wrong < 0) return document;
  throw badInput(
    'BAD_TOKEN',
    `${tokens}: token ${document[wrong]} within a document, expected one below ${vocabSize} and not ${bosId}, which begins one`,
    'give the tokenizer that it was made with',
  );
}
