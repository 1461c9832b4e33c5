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
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { foreseeRoom, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding, shareFolder } from '../../crawlers/shell/lock.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { type Outcome, type Rank, unattended, type Work } from '../../crawlers/shell/work.ts';
import { COUNTS_FILE, GROUPS_FILE } from '../format.ts';
import { removeOrphans, removeOthers, writeManifest } from '../manifest.ts';
import { type DocumentShard, type TokenManifest, type TokenShard, tokenFiles } from '../manifest-shape.ts';
import { pruneSideFiles, SEARCH } from '../side-files.ts';
import { SPLITS } from '../split.ts';
import { discard, encoderOf, fill, openWriters, telling } from './fill.ts';
import { passagesNote } from './passages.ts';
import {
  type Compared,
  compare,
  nextNumbers,
  planOf,
  type TokenFacts,
  type TokenOptions,
  type TokenPlan,
} from './plan.ts';
import { reopenTokens } from './source.ts';
import { beginUnits, readUnit, writeUnit } from './units.ts';
import { countsThatStay, restoreCounts, writeCounts } from './write-counts.ts';

/** Bytes of tokens of a byte of text, or so: a token stands for 3.5. */
const TOKEN_BYTES = { uint16: 0.6, uint32: 1.2 } as const;

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

async function writeLocked(options: TokenOptions, work: Work): Promise<Outcome<TokenManifest, undefined>> {
  const { signal } = work;
  const compared = await settle(options, work);
  const { previous, listed, isCurrent } = compared;
  if (previous !== undefined && isCurrent) return { outcome: 'nothing_new', report: previous };

  const plan = await planOf(options, compared, signal);
  const encoder = await encoderOf(options, plan);
  const writers = openWriters(options, compared, nextNumbers(listed));
  const progress = stageOf(options, compared, plan.anew, work);
  const figures = () => ({ encoded: encoder.encoded, tokens: writers.train.tokens + writers.valid.tokens });
  const filling = { writers, tokensOf: encoder.tokensOf, signal, tell: telling(progress, figures) };
  let left = 0;
  try {
    const shards: TokenShard[] = [];
    for (const { kept, documents: all } of plan.groups) {
      if (kept) shards.push(...kept);
      if (kept) continue;
      left += await fill(options, plan, all, filling);
      if (signal.aborted) return { outcome: 'interrupted', report: undefined };
      const from = all.map(({ checksum }) => checksum);
      shards.push(...SPLITS.flatMap((split) => writers[split].take()).map((shard) => ({ ...shard, from })));
    }
    progress.finish(figures());
    return {
      outcome: 'written',
      report: await publishTokens(options, compared, plan, { shards, left, counts: writers.train.counts }, work),
    };
  } finally {
    discard(writers);
  }
}

/** Compares, and removes what no manifest lists. */
export async function settle(options: TokenFacts, { report }: Work): Promise<Compared> {
  const compared = compare(options);
  const { previous, listed, damage, isCurrent } = compared;
  removeOrphans(options.outDir, SPLITS, listed);
  removeOthers(options.outDir, COUNTS_FILE, previous?.counts);
  if (damage !== undefined) report.note(`${damage}; the tokens are written again`);
  if (previous !== undefined && isCurrent) await restoreCounts(options.outDir, previous);
  return compared;
}

/** What came to a folder. */
interface Anew {
  /** All of the folder, those among them that it keeps. */
  readonly shards: readonly TokenShard[];
  /** Documents that were left out. */
  readonly left: number;
  /** How often each id stands in the training shards that are new. */
  readonly counts: Float64Array;
}

function stageOf({ outDir }: TokenFacts, { wanted }: Compared, shards: readonly DocumentShard[], { report }: Work) {
  const total = shards.reduce((sum, { rows }) => sum + rows, 0);
  const bytes = shards.reduce((sum, { textBytes }) => sum + textBytes, 0) * TOKEN_BYTES[wanted.dtype];
  foreseeRoom(outDir, bytes, `tokens of ${formatCount(total)} documents`, (text) => report.note(text));
  return report.stage('tokens', 'documents', total);
}

/** All shards stand: makes them what the folder holds. */
export async function publishTokens(
  { outDir, documentsDir }: TokenFacts,
  { documents, wanted, tokenizerFiles }: Compared,
  { old, groups }: TokenPlan,
  { shards, left, counts: anew }: Anew,
  { signal, report }: Work,
): Promise<TokenManifest> {
  if (left > 0) report.note(`${formatCount(left)} documents hold benchmark items: left out`);
  const { groups: split } = documents;
  const inOrder = SPLITS.flatMap((split) => shards.filter((shard) => shard.split === split));
  const kept = new Set(groups.flatMap((group) => group.kept ?? []));
  const counts = old ? await countsThatStay(await reopenTokens(outDir, old), kept) : new Float64Array(anew.length);
  for (let id = 0; id < counts.length; id++) counts[id] += anew[id];
  const manifest: TokenManifest = {
    ...{ ...wanted, ...(split && { groups: split }) },
    ...{ counts: writeCounts(outDir, counts), shards: inOrder },
  };
  for (const { name, bytes } of tokenizerFiles) writeFileAtomic(join(outDir, name), bytes);
  if (split) writeFileAtomic(join(outDir, split.file), readFileSync(join(documentsDir, split.file)));
  writeManifest(outDir, manifest);
  removeOrphans(outDir, SPLITS, tokenFiles(manifest));
  removeOthers(outDir, GROUPS_FILE, split);
  removeOthers(outDir, COUNTS_FILE, manifest.counts);
  pruneSideFiles(join(outDir, SEARCH), [outDir]);
  // Where some documents came it would cost more than they do; `vua verify` and the closing figures of a model say it.
  const note = old === undefined ? await passagesNote(documentsDir, documents, manifest, signal) : undefined;
  if (note) report.note(note);
  return manifest;
}

/** Document shards whose tokens stand, and all that are to be encoded. */
export interface UnitsWritten {
  readonly whole: number;
  readonly of: number;
}

/**
 * What one of several processes encodes: of the document shards that need it number i is of rank i mod `rank.of`. Each may be
 * encoded again, by any process, with the same bytes; `mergeTokens` makes OUT of all of them, to the byte what `writeTokens`
 * makes.
 * @throws as `writeTokens`; BAD_OPTION (exit 2) where ranks of another making are at work for this folder
 */
export async function writeTokensOfRank(
  options: TokenOptions,
  rank: Rank,
  work = unattended(),
): Promise<Outcome<UnitsWritten, undefined>> {
  const letGo = shareFolder(options.documentsDir);
  try {
    const { signal } = work;
    const compared = compare(options);
    if (compared.isCurrent) return { outcome: 'nothing_new', report: { whole: 0, of: 0 } };
    const units = beginUnits(options, compared);
    const plan = await planOf(options, compared, signal);
    const isMissing = (shard: DocumentShard): boolean => readUnit(units, shard) === undefined;
    const own = plan.anew.filter((_, i) => i % rank.of === rank.index).filter(isMissing);
    const encoder = await encoderOf(options, plan);
    const progress = stageOf(options, compared, own, work);
    const tell = telling(progress, () => ({ encoded: encoder.encoded }));
    for (const shard of own) {
      const isWritten = await writeUnit(units, shard, async (outDir) => {
        const writers = openWriters({ ...options, outDir }, compared, { train: 0, valid: 0 });
        try {
          const left = await fill(options, plan, [shard], { writers, tokensOf: encoder.tokensOf, signal, tell });
          if (signal.aborted) return undefined;
          const counts = writeCounts(outDir, writers.train.counts);
          return { shards: SPLITS.flatMap((split) => writers[split].take()), counts, left };
        } finally {
          discard(writers);
        }
      });
      if (!isWritten) return { outcome: 'interrupted', report: undefined };
    }
    progress.finish();
    const of = plan.anew.length;
    return { outcome: 'written', report: { whole: of - plan.anew.filter(isMissing).length, of } };
  } finally {
    letGo();
  }
}
