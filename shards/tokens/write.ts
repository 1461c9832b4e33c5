/**
 * Document shards → token shards. Each document becomes BOS and its tokens; documents never cross shards. The tokens of
 * a split are one flat column, cut into record batches of equal size with a checksum each.
 *
 *   train-00000.arrow   │BOS t t t t│BOS t t│BOS t t t t t t│ …      batches: [2^20 tokens][2^20 tokens][rest]
 *
 * Only new texts are encoded (`reuse.ts`): shards whose documents all stand are kept, tokens of the others are copied.
 * New shards get new numbers: until the manifest is replaced the old tokens stay valid, so a kill at any moment loses
 * nothing but the work since the start. A table beside each shard says of its documents source, tokens, bytes and the
 * checksum of the text (`table.ts`), so that an evaluation can be told by source.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput, reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { foreseeRoom, readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { wrongSize } from '../arrow/file-sizes.ts';
import { checksumOf, hashOf } from '../checksum.ts';
import { removeOtherGroups, Sides } from '../documents/groups.ts';
import { readDocumentShards, sideOf } from '../documents/read.ts';
import { shardIndex, shardOf, TOKENS, type TokenType, tokenTypeFor } from '../format.ts';
import { manifestPath, readDocumentManifest, readTokenManifest, removeOrphans, writeManifest } from '../manifest.ts';
import {
  documentFingerprint,
  type GroupsEntry,
  type TokenManifest,
  type TokenShard,
  tokenFiles,
} from '../manifest-shape.ts';
import { pruneSideFiles, SEARCH } from '../side-files.ts';
import { SPLITS, type Split } from '../split.ts';
import { passagesNote } from './passages.ts';
import { groupsOf, KnownTokens, unmoved } from './reuse.ts';
import { reopenTokens, type TokenArray } from './source.ts';
import { SplitWriter } from './split-writer.ts';
import { countsThatStay, removeOtherCounts, restoreCounts, writeCounts } from './write-counts.ts';

/** Bytes of tokens of a byte of text, or so: a token stands for 3.5. */
const TOKEN_BYTES = { uint16: 0.6, uint32: 1.2 } as const;
/** Copied beside the tokens, so that a token folder can be read back into text. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

export interface TokenOptions {
  /** Folder of document shards. */
  readonly documentsDir: string;
  /** Folder with tokenizer.json and tokenizer_config.json: copied; tokenizer.json's checksum goes into the manifest. */
  readonly tokenizerDir: string;
  readonly outDir: string;
  /** Ids of a document's UTF-8 text, without BOS. The array may be reused by the next call. */
  readonly encode: (text: Uint8Array) => TokenArray;
  readonly vocabSize: number;
  readonly bosId: number;
  /** Share of keys held out, 0…1. */
  readonly validShare: number;
  /** `drop`: documents that hold benchmark items are left out; `keep`. */
  readonly contaminated?: 'drop' | 'keep';
  /** Other ids for the same text, of training text alone: which share of merges was left out by which seed. */
  readonly dropout?: {
    readonly share: number;
    readonly seed: number;
    readonly encode: (text: Uint8Array) => TokenArray;
  };
  readonly shardTokens?: number;
  readonly batchTokens?: number;
}

/**
 * Encodes the documents that the folder does not hold yet. Interrupted, it leaves the folder as it was.
 * @returns the manifest
 * @throws ToolkitError NO_DOCUMENTS, BAD_TOKEN (an id outside the vocabulary), NO_TOKENIZER, FOLDER_LOCKED, those of
 * readDocuments and of writing.
 */
export async function writeTokens(
  options: TokenOptions,
  work = unattended(),
): Promise<Outcome<TokenManifest, undefined>> {
  const { outDir, documentsDir } = options;
  try {
    return await holding(outDir, [documentsDir], () => writeLocked(options, work));
  } catch (error) {
    if (!(error instanceof ToolkitError && error.code === 'FOLDER_LOCKED')) throw error;
    const { previous, isCurrent } = compare(options);
    if (previous !== undefined && isCurrent) return { outcome: 'nothing_new', report: previous }; // read by a training, say
    throw error;
  }
}

/** What the folder should hold, what it holds, and whether that is the same. */
function compare(options: TokenOptions) {
  const { documentsDir, tokenizerDir, outDir, validShare } = options;
  const documents = readDocumentManifest(documentsDir);
  const total = documents.documents.reduce((sum, shard) => sum + shard.rows, 0);
  if (total === 0) {
    throw badInput(
      'NO_DOCUMENTS',
      `${documentsDir}: 0 documents, expected at least 1`,
      'see what was dropped with `vua stats`',
    );
  }
  const tokenizerFiles = TOKENIZER_FILES.map((name) => ({ name, bytes: readTokenizerFile(tokenizerDir, name) }));
  const wanted = {
    ...TOKENS,
    dtype: tokenTypeFor(options.vocabSize),
    vocabSize: options.vocabSize,
    bosId: options.bosId,
    tokenizer: checksumOf(tokenizerFiles[0].bytes),
    documents: documentFingerprint(documents),
    validShare,
    contaminated: options.contaminated === 'drop' ? ('drop' as const) : undefined,
    dropout: options.dropout?.share,
    dropoutSeed: options.dropout?.seed,
  };
  const { previous, listed } = readPrevious(outDir);
  const damage = wrongSize(outDir, previous === undefined ? [] : tokenFiles(previous));
  const isCurrent =
    damage === undefined &&
    previous !== undefined &&
    sameMaking(previous, wanted) &&
    holdsFiles(outDir, tokenizerFiles);
  return { documents, tokenizerFiles, wanted, previous, listed, damage, isCurrent };
}

async function writeLocked(
  options: TokenOptions,
  { signal, report }: Work,
): Promise<Outcome<TokenManifest, undefined>> {
  const { documentsDir, outDir, validShare } = options;
  const { documents, tokenizerFiles, wanted, previous, listed, damage, isCurrent } = compare(options);
  const { groups: split } = documents;
  removeOrphans(outDir, SPLITS, listed);
  removeOtherCounts(outDir, previous?.counts);
  if (damage !== undefined) report.note(`${damage}; the tokens are written again`);
  if (previous !== undefined && isCurrent) {
    await restoreCounts(outDir, previous);
    return { outcome: 'nothing_new', report: previous };
  }

  const old = damage === undefined && sameIds(previous, wanted) ? previous : undefined;
  const sides = Sides.of(documentsDir, documents);
  const drops = wanted.contaminated === 'drop';
  const isSameRule =
    old?.validShare === validShare && old.contaminated === wanted.contaminated && isSplitAlike(outDir, old, split);
  const groups = await unmoved(documentsDir, groupsOf(documents.documents, isSameRule ? old : undefined), {
    moved: isSameRule ? sides.movedSince(Sides.of(outDir, old), validShare) : new Set(),
    signal,
  });
  const folder = old && (await reopenTokens(outDir, old));
  const kept = new Set(groups.flatMap((group) => group.kept ?? []));
  // With dropout the tokens of a text depend on its side.
  const known =
    folder && !options.dropout
      ? await KnownTokens.of(folder, new Set(old?.shards.filter((shard) => !kept.has(shard))))
      : undefined;
  const writers = openWriters(options, wanted.dtype, listed);
  const anew = groups.flatMap(({ kept, documents: all }) => (kept ? [] : all));
  const total = anew.reduce((sum, { rows }) => sum + rows, 0);
  const bytes = anew.reduce((sum, { textBytes }) => sum + textBytes, 0) * TOKEN_BYTES[wanted.dtype];
  foreseeRoom(outDir, bytes, `tokens of ${formatCount(total)} documents`, (text) => report.note(text));
  const progress = report.stage('tokens', 'documents', total);
  let [done, encoded, left] = [0, 0, 0];
  const figures = () => ({ encoded, tokens: writers.train.tokens + writers.valid.tokens });
  try {
    const shards: TokenShard[] = [];
    for (const group of groups) {
      if (group.kept) shards.push(...group.kept);
      if (group.kept) continue;
      for await (const batch of readDocumentShards(documentsDir, group.documents, signal)) {
        for (let row = 0; row < batch.rows; row++) {
          if (drops && batch.bytes('contamination', row).length > 0) {
            left++;
            continue;
          }
          const [text, cluster] = [batch.bytes('text', row), batch.string('cluster', row)];
          const textHash = hashOf(text);
          const found = known?.has(textHash, text.length) ? await known.read(textHash) : undefined;
          if (found === undefined) encoded++;
          const side = sideOf(sides, batch, row, validShare);
          const encode = (side === 'train' && options.dropout?.encode) || options.encode;
          writers[side].add(
            { textHash, textBytes: text.length, cluster, source: batch.string('source', row) },
            found ?? encode(text),
          );
          progress.update(++done, figures());
        }
      }
      if (signal.aborted) return { outcome: 'interrupted', report: undefined };
      const from = group.documents.map(({ checksum }) => checksum);
      shards.push(...SPLITS.flatMap((split) => writers[split].take()).map((shard) => ({ ...shard, from })));
    }
    progress.finish(figures());
    if (left > 0) report.note(`${formatCount(left)} documents hold benchmark items: left out`);
    const inOrder = SPLITS.flatMap((split) => shards.filter((shard) => shard.split === split));
    const counts = folder ? await countsThatStay(folder, kept) : new Float64Array(options.vocabSize);
    for (let id = 0; id < counts.length; id++) counts[id] += writers.train.counts[id];
    const manifest: TokenManifest = {
      ...{ ...wanted, ...(split && { groups: split }) },
      ...{ counts: writeCounts(outDir, counts), shards: inOrder },
    };
    for (const { name, bytes } of tokenizerFiles) writeFileAtomic(join(outDir, name), bytes);
    if (split) writeFileAtomic(join(outDir, split.file), readFileSync(join(documentsDir, split.file)));
    writeManifest(outDir, manifest);
    removeOrphans(outDir, SPLITS, tokenFiles(manifest));
    removeOtherGroups(outDir, split);
    removeOtherCounts(outDir, manifest.counts);
    pruneSideFiles(join(outDir, SEARCH), [outDir]);
    // Where some documents came it would cost more than they do; `vua verify` and the closing figures of a model say it.
    const note = old === undefined ? await passagesNote(documentsDir, documents, manifest, signal) : undefined;
    if (note) report.note(note);
    return { outcome: 'written', report: manifest };
  } finally {
    for (const split of SPLITS) writers[split].discard();
  }
}

/** Whether both know groups, or neither, and what they were is still there. */
const isSplitAlike = (outDir: string, { groups: before }: TokenManifest, now: GroupsEntry | undefined): boolean =>
  before === undefined ? now === undefined : now !== undefined && existsSync(join(outDir, before.file));

function openWriters(
  options: TokenOptions,
  dtype: TokenType,
  listed: readonly ListedFile[],
): Record<Split, SplitWriter> {
  const open = (split: Split): SplitWriter => {
    const taken = listed.map(({ file }) => shardIndex(split, shardOf(file)) ?? -1);
    return new SplitWriter(options, split, dtype, Math.max(-1, ...taken) + 1);
  };
  return { train: open('train'), valid: open('valid') };
}

type ListedFile = Pick<TokenShard, 'file'>;

/** What the folder holds. Of an older version only the names of its files matter: they stay until all is made anew. */
function readPrevious(outDir: string): { previous?: TokenManifest; listed: readonly ListedFile[] } {
  if (!existsSync(manifestPath(outDir))) return { listed: [] };
  try {
    const previous = readTokenManifest(outDir);
    return { previous, listed: tokenFiles(previous) };
  } catch (error) {
    if (!(error instanceof ToolkitError && error.code === 'OLDER_FORMAT')) throw error;
    return { listed: readJsonIfPresent<{ shards: ListedFile[] }>(manifestPath(outDir))?.shards ?? [] };
  }
}

/** A folder of an older version that holds the same is the same. */
function sameMaking(
  previous: TokenManifest,
  { version: _, ...wanted }: Omit<TokenManifest, 'shards' | 'counts'>,
): boolean {
  return (Object.keys(wanted) as (keyof typeof wanted)[]).every((key) => previous[key] === wanted[key]);
}

/** Whether a text has the same ids in both. */
const sameIds = (previous: TokenManifest | undefined, wanted: Parameters<typeof sameMaking>[1]): boolean =>
  (['tokenizer', 'dtype', 'vocabSize', 'bosId', 'dropout', 'dropoutSeed'] as const).every(
    (key) => previous?.[key] === wanted[key],
  );

interface NamedBytes {
  readonly name: string;
  readonly bytes: Buffer;
}

function readTokenizerFile(dir: string, name: string): Buffer {
  try {
    return readFileSync(join(dir, name));
  } catch (error) {
    throw badInput(
      'NO_TOKENIZER',
      `${join(dir, name)}: ${reasonOf(error)}`,
      'give a folder that `vua tokenizer train` wrote',
      error,
    );
  }
}

const holdsFiles = (dir: string, files: readonly NamedBytes[]): boolean =>
  files.every(({ name, bytes }) => existsSync(join(dir, name)) && readFileSync(join(dir, name)).equals(bytes));
