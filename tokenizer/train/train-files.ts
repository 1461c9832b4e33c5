/** Training from files to files: what `vua tokenizer train` and `vua run` do. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { CONFIG_FILE, TOKENIZER_FILE, tokenizerConfigJson, tokenizerJson } from '../encode/export.ts';
import { mergeCount, vocabSizeOf } from '../model.ts';
import { type SplitWish, splitFor } from '../text/split.ts';
import { MAX_SYLLABLES, MAX_TOKEN_BYTES, MIN_FREQUENCY, SYLLABLE_SHARE, VALID_SHARE } from './defaults.ts';
import { expectedBytes, readTrainingTexts, storedBytes } from './documents.ts';
import { TallyThreads } from './tally-threads.ts';
import { type TrainProgress, type TrainStage, trainBpe } from './train.ts';

export interface TrainTokenizerOptions {
  /** Folders of document shards, or files and folders that `openInput` reads. */
  readonly documents: readonly string[];
  /** Bytes, merges and special tokens together, at most. */
  readonly vocabSize: number;
  /** Folder for tokenizer.json and tokenizer_config.json. */
  readonly out: string;
  /** Share of the clusters of document shards that is held out, 0…1: nothing is learned from it. Files are read whole. */
  readonly validShare?: number;
  /** Most syllables in a token; more than 1: merges across spaces. */
  readonly maxSyllables?: number;
  /** Share of the merges that are made within syllables before any crosses a space. */
  readonly syllableShare?: number;
  /** The split rule; by default one that gives the same ids in other engines. */
  readonly split?: SplitWish['split'];
  /** Most digits in a token, of the rule `vua`. */
  readonly digits?: SplitWish['digits'];
  readonly minFrequency?: number;
  /** Longest token, in bytes. */
  readonly maxTokenLength?: number;
  /** Learn from so many bytes at most, of documents drawn by `seed` where there are more. */
  readonly maxBytes?: number;
  readonly seed?: number;
  /** Threads that count; all processors. */
  readonly threads?: number;
}

export interface TrainedTokenizer {
  /** The true size: less than asked for when the corpus gave too few merges. */
  readonly vocabSize: number;
  readonly merges: number;
  readonly documents: number;
  /** UTF-8 bytes learned from. */
  readonly bytes: number;
  /** Distinct pretokens. */
  readonly words: number;
}

const UNITS: Readonly<Record<TrainStage, string>> = {
  count: 'bytes',
  merge: 'merges',
  'count neighbours': 'bytes',
  'count pieces': 'bytes',
  'merge across spaces': 'merges',
};

/**
 * Trains and writes a tokenizer; the folder is untouched until the end. `nothing_new`: it held this very tokenizer.
 * @throws ToolkitError FOLDER_LOCKED (exit 75), BAD_VOCAB_SIZE, EMPTY_CORPUS (exit 2) and those of readTrainingTexts.
 */
export async function trainTokenizer(
  options: TrainTokenizerOptions,
  work = unattended(),
): Promise<Outcome<TrainedTokenizer, undefined>> {
  return holding(options.out, options.documents, () => trainLocked(options, work));
}

async function trainLocked(
  options: TrainTokenizerOptions,
  { signal, report }: Work,
): Promise<Outcome<TrainedTokenizer, undefined>> {
  const { documents: paths, out } = options;
  const { name, digits } = splitFor({ ...options, maxSyllables: options.maxSyllables ?? MAX_SYLLABLES });
  const asked = {
    vocabSize: options.vocabSize,
    maxSyllables: options.maxSyllables ?? MAX_SYLLABLES,
    syllableShare: options.syllableShare ?? SYLLABLE_SHARE,
    split: name,
    ...(name === 'vua' && { digits: digits as SplitWish['digits'] }),
    minFrequency: options.minFrequency ?? MIN_FREQUENCY,
    maxTokenLength: options.maxTokenLength ?? MAX_TOKEN_BYTES,
    validShare: options.validShare ?? VALID_SHARE,
    ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes, seed: options.seed ?? 1 }),
  };
  const team = new TallyThreads(options.threads);
  try {
    const draw = await drawOf(options, asked.validShare, signal, report);
    let documents = 0;
    let read = 0;
    async function* texts(): AsyncGenerator<Uint8Array> {
      documents = 0;
      read = 0;
      let number = 0;
      let left = options.maxBytes ?? Number.POSITIVE_INFINITY;
      for await (const text of readTrainingTexts(paths, asked.validShare, signal, (bytes) => (read += bytes))) {
        if (!draw.takes(number++) || text.length > left) continue;
        left -= text.length;
        documents++;
        yield text;
      }
    }
    const counted = { bytes: 0, words: 0 };
    const stored = storedBytes(paths);
    const stages = stagesOn(report, stored ?? draw.bytes);
    const model = await trainBpe(texts, {
      ...asked,
      maxTokenBytes: asked.maxTokenLength,
      team,
      corpus: `${paths.join(', ')}${options.maxBytes === undefined ? '' : ` (documents of at most --max-bytes ${options.maxBytes})`}`,
      signal,
      onProgress(progress) {
        if (progress.stage === 'count') Object.assign(counted, { bytes: progress.done, words: progress.words });
        const inFiles = progress.stage === 'count' && stored !== undefined;
        stages.update(inFiles ? { ...progress, done: read } : progress);
      },
    });
    stages.finish();
    const vocabSize = vocabSizeOf(model);
    if (vocabSize < asked.vocabSize) {
      const [found, wanted] = [formatCount(vocabSize), formatCount(asked.vocabSize)];
      report.note(`the corpus gives a vocabulary of ${found}, not ${wanted}: no pair is left`);
    }
    const outcome = writeIfNew(out, {
      [CONFIG_FILE]: tokenizerConfigJson({ ...asked, learned: { documents, bytes: counted.bytes } }),
      [TOKENIZER_FILE]: tokenizerJson(model),
    });
    return { outcome, report: { vocabSize, merges: mergeCount(model), documents, ...counted } };
  } catch (error) {
    if (signal.aborted) return { outcome: 'interrupted', report: undefined };
    throw error;
  } finally {
    await team.close();
  }
}

interface Draw {
  /** About how many bytes will be learned from, where that is known. */
  readonly bytes: number | undefined;
  takes(document: number): boolean;
}

/** Each document is drawn or not by its number and the seed alone. */
async function drawOf(
  { documents: paths, maxBytes = Number.POSITIVE_INFINITY, seed = 1 }: TrainTokenizerOptions,
  validShare: number,
  signal: AbortSignal,
  report: Work['report'],
): Promise<Draw> {
  let bytes = expectedBytes(paths, validShare);
  if (bytes === undefined && maxBytes < Number.POSITIVE_INFINITY) {
    const measuring = report.stage('measure', 'bytes', storedBytes(paths));
    bytes = 0;
    let read = 0;
    for await (const text of readTrainingTexts(paths, validShare, signal, (more) => (read += more))) {
      bytes += text.length;
      measuring.update(read);
    }
    signal.throwIfAborted();
    measuring.finish();
  }
  if (bytes === undefined || bytes <= maxBytes) return { bytes, takes: () => true };
  const share = maxBytes / bytes;
  return { bytes: maxBytes, takes: (document) => uniform(seed, document) < share };
}

/** A number from 0 to 1 for each seed and document. */
function uniform(seed: number, document: number): number {
  let hash = Math.imul(document + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Shows one stage of training after the other. */
function stagesOn(report: Work['report'], expected: number | undefined) {
  let name: TrainStage | undefined;
  let stage: ReturnType<typeof report.stage> | undefined;
  let figures: { words: number } | undefined;
  const finish = () => stage?.finish(figures);
  return {
    finish,
    update({ stage: current, done, total, words }: TrainProgress): void {
      if (current !== name) {
        finish();
        stage = report.stage(current, UNITS[current], total ?? expected);
      }
      name = current;
      figures = UNITS[current] === 'bytes' && words > 0 ? { words } : undefined;
      stage!.update(done, figures);
    },
  };
}

/** tokenizer.json goes last: a folder that holds it holds both files. */
function writeIfNew(dir: string, files: Readonly<Record<string, string>>): 'written' | 'nothing_new' {
  const stale = Object.entries(files).filter(([name, text]) => {
    const path = join(dir, name);
    return !existsSync(path) || readFileSync(path, 'utf8') !== text;
  });
  for (const [name, text] of stale) writeFileAtomic(join(dir, name), text);
  return stale.length > 0 ? 'written' : 'nothing_new';
}
