/**
 * When a night trains its tokenizer anew. The first night may have five documents, and their few merges must not stay for
 * a year; a new tokenizer makes new tokens and a new model, so one that has learned enough stays for good. Between the two
 * it is trained again each time the text has grown by a factor: in all that costs about as much as the last time.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { CONFIG_FILE, TOKENIZER_FILE } from '../encode/export.ts';
import { ENOUGH_BYTES_PER_TOKEN, type TOKENIZER_POLICIES } from './defaults.ts';
import { expectedBytes } from './documents.ts';

export interface TokenizerPolicy {
  readonly tokenizer: (typeof TOKENIZER_POLICIES)[number];
  /** Factor by which the text has to have grown since the tokenizer was trained. */
  readonly tokenizerGrownBy: number;
}

export interface TokenizerNight {
  /** Bytes of training text that there are. */
  readonly textBytes: number;
  /** Vocabulary asked for. */
  readonly vocabSize: number;
  /** Of the tokenizer that stands there; none when there is none. */
  readonly last?: {
    /** Bytes that it learned from; unknown of tokenizers of older versions. */
    readonly learnedBytes?: number;
    /** Bytes of training text when it last encoded. */
    readonly encodedBytes?: number;
  };
}

/** Whether it is trained, and what is to be said about that. A pure function of this night and the last. */
export function tokenizerDue(
  { textBytes, vocabSize, last }: TokenizerNight,
  { tokenizer, tokenizerGrownBy: factor }: TokenizerPolicy,
): { readonly trains: boolean; readonly why?: string } {
  if (last === undefined) return { trains: true };
  if (tokenizer !== 'grow') return { trains: tokenizer === 'always' };
  const { learnedBytes, encodedBytes = textBytes } = last;
  const now = `now there are ${formatBytes(textBytes)}`;
  if (learnedBytes === undefined) {
    const isSmall = encodedBytes < ENOUGH_BYTES_PER_TOKEN * vocabSize;
    return isSmall && textBytes > encodedBytes
      ? { trains: true, why: `the tokenizer does not say how much text it learned from, ${now}` }
      : { trains: false };
  }
  if (learnedBytes >= ENOUGH_BYTES_PER_TOKEN * vocabSize || textBytes < factor * learnedBytes) return { trains: false };
  return { trains: true, why: `the tokenizer learned from ${formatBytes(learnedBytes)}, ${now}` };
}

/** What a night says of its decision, where it is to be said. */
export function tokenizerNote(
  { textBytes, vocabSize, askedVocab = vocabSize }: TokenizerNight & { readonly askedVocab?: number },
  { trains, why }: ReturnType<typeof tokenizerDue>,
): string | undefined {
  if (why !== undefined) {
    const cost = `all ${formatBytes(textBytes)} are encoded again, and a model of the new tokens begins`;
    return `${why}: it is trained anew, ${cost}; --tokenizer never keeps the old one`;
  }
  if (trains || askedVocab === vocabSize) return undefined;
  return `the tokenizer was trained for ${askedVocab} tokens; another --vocab-size needs --tokenizer always`;
}

interface Asked {
  readonly vua?: { readonly vocabSize?: number; readonly learned?: { readonly bytes: number } };
}

/** What `tokenizerDue` asks about, of the folders of a run. `askedVocab`: that of the tokenizer that stands there. */
export async function tokenizerNight(
  run: { readonly documents: string; readonly tokenizer: string; readonly tokens: string },
  vocabSize: number,
  validShare: number,
): Promise<TokenizerNight & { readonly askedVocab?: number }> {
  const textBytes = expectedBytes([run.documents], validShare) ?? 0;
  if (!existsSync(join(run.tokenizer, TOKENIZER_FILE))) return { textBytes, vocabSize };
  const { vua } = readJsonIfPresent<Asked>(join(run.tokenizer, CONFIG_FILE)) ?? {};
  const manifest = await openTokens(run.tokens).then(
    (folder) => folder.manifest,
    () => undefined, // none yet, or damaged: it is written again
  );
  const encodedBytes = manifest?.shards.reduce(
    (sum, { split, textBytes }) => sum + (split === 'train' ? textBytes : 0),
    0,
  );
  const last = { learnedBytes: vua?.learned?.bytes, encodedBytes };
  return { textBytes, vocabSize, last, askedVocab: vua?.vocabSize };
}
