/**
 * Tokens for other trainers, as they are: nothing is tokenised again. A split is written in parts, each of some token
 * shards; what a part wrote is noted in a receipt when its files stand, so a call that was killed goes on behind the last
 * whole part, and several may write different parts. When all stand their bytes are read back and compared, the files that
 * speak of all of them are written, and OUT appears by one rename.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { badInput, tryAgain } from '../../../crawlers/shell/errors.ts';
import { foreseeRoom, readJsonIfPresent, syncFolder, writeFileAtomic } from '../../../crawlers/shell/folder.ts';
import { type Outcome, type Rank, unattended, type Work } from '../../../crawlers/shell/work.ts';
import { SPLITS, type Split } from '../../split.ts';
import { fetchTokenizer, isUrl, openTokens, type TokenFolder } from '../../tokens/source.ts';
import { TOKEN_BYTES, type TokenPart } from './engine.ts';
import { PartFiles, verifyFile } from './part-files.ts';
import {
  decided,
  EXPORT,
  type Export,
  type ExportedPart,
  type ExportTokensOptions,
  type Planned,
  type TokenExport,
} from './plan.ts';
import { framedDocuments } from './read.ts';
import { Sums } from './sums.ts';

export const EXPORT_FILE = 'manifest.json';
/** In the folder that is written; gone when it is whole. */
const RECEIPTS = 'receipts';
interface Receipt extends ExportedPart {
  readonly facts: unknown;
}

/**
 * Writes every split of a folder that has documents.
 * @returns what OUT/manifest.json says; `nothing_new` where OUT is that export already
 * @throws ToolkitError BAD_OPTION (exit 2) OUT holds something else; those of reading tokens and of writing
 */
export async function exportTokens(
  options: ExportTokensOptions,
  work: Work = unattended(),
): Promise<Outcome<TokenExport, undefined>> {
  const what = decided(options, await openTokens(options.dir));
  const there = exportedBefore(options.out, what.head);
  if (there !== undefined) return { outcome: 'nothing_new', report: there };
  begin(what, options, true);
  if (!(await writeParts(what, what.plan, work))) return { outcome: 'interrupted', report: undefined };
  return { outcome: 'written', report: await publish(what, resolve(options.out)) };
}

/** Parts of an export that stand, and all that it has. */
export interface PartsWritten {
  readonly whole: number;
  readonly of: number;
}

/**
 * The parts of one rank: part i is of rank i mod `rank.of`. Each may be written again, by this rank or another, with the same
 * bytes; `mergeExport` makes OUT of all of them.
 * @throws as `exportTokens`; BAD_OPTION also where another export grows in the same place
 */
export async function exportParts(
  options: ExportTokensOptions,
  rank: Rank,
  work: Work = unattended(),
): Promise<Outcome<PartsWritten, undefined>> {
  const what = decided(options, await openTokens(options.dir));
  const all = { whole: what.plan.length, of: what.plan.length };
  if (exportedBefore(options.out, what.head) !== undefined) return { outcome: 'nothing_new', report: all };
  begin(what, options, false);
  const mine = what.plan.filter((_, i) => i % rank.of === rank.index);
  if (!(await writeParts(what, mine, work))) return { outcome: 'interrupted', report: undefined };
  return { outcome: 'written', report: { ...all, whole: all.of - missing(what).length } };
}

/**
 * What ranks wrote → OUT, whole or not at all.
 * @throws ToolkitError INCOMPLETE (exit 75) naming parts that are not there; NO_MANIFEST (exit 2) where nothing grows
 */
export async function mergeExport(out: string): Promise<Outcome<TokenExport, undefined>> {
  const found = readJsonIfPresent<Growing>(growingPath(`${resolve(out)}.partial`));
  if (found === undefined) {
    const report = readJsonIfPresent<TokenExport>(join(out, EXPORT_FILE));
    if (report?.format === EXPORT.format) return { outcome: 'nothing_new', report };
    throw badInput(
      'NO_MANIFEST',
      `${out}: no ranks have written here`,
      'run `vua clean`, `vua tokens` or `vua export tokens` in every rank first',
    );
  }
  const what = decided({ ...found.options, out }, await openTokens(found.options.dir));
  begin(what, found.options, false);
  const lacking = missing(what);
  if (lacking.length > 0) {
    const names = lacking.slice(0, 5).map(({ split, index }) => `${split}-${index}`);
    throw tryAgain(
      'INCOMPLETE',
      `${out}: ${lacking.length} of ${what.plan.length} parts are not there: ${names.join(', ')}${lacking.length > 5 ? ', …' : ''}`,
      'run the ranks that did not end once more',
    );
  }
  return { outcome: 'written', report: await publish(what, resolve(out)) };
}

const missing = ({ plan, staging }: Export): Planned[] =>
  plan.filter((part) => !existsSync(receiptPath(staging, part)));

/** @returns false when interrupted */
async function writeParts(what: Export, parts: readonly Planned[], work: Work): Promise<boolean> {
  const total = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  foreseeRoom(what.staging, total * TOKEN_BYTES[what.shape.dtype], 'tokens', (text) => work.report.note(text));
  const progress = work.report.stage('export', 'tokens', total);
  let done = 0;
  for (const part of parts) {
    if (!existsSync(receiptPath(what.staging, part))) {
      const tell = (tokens: number): void => progress.update(done + tokens);
      if (!(await writePart(what, part, work.signal, tell))) return false;
    }
    done += part.tokens;
    progress.update(done);
  }
  progress.finish();
  return true;
}

/** What stands at OUT, where it is this export. @throws ToolkitError BAD_OPTION (exit 2) for anything else */
function exportedBefore(out: string, head: Export['head']): TokenExport | undefined {
  if (!existsSync(out) || readdirSync(out).length === 0) return undefined;
  const { splits, ...found } = readJsonIfPresent<TokenExport>(join(out, EXPORT_FILE)) ?? { splits: {} };
  if (isDeepStrictEqual(found, head)) return { ...head, splits };
  throw badInput('BAD_OPTION', `--out ${out}: holds something else, expected a new or an empty folder`, 'name another');
}

/** What the folder says in which an export grows. */
interface Growing {
  readonly options: Omit<ExportTokensOptions, 'out'>;
  readonly head: Export['head'];
  readonly parts: readonly unknown[];
}

const growingPath = (staging: string): string => join(staging, RECEIPTS, 'of.json');

/**
 * Makes the folder in which it grows.
 * @param alone what another export left there goes; ranks cannot know whether somebody is at it
 */
function begin({ staging, head, plan }: Export, options: Growing['options'], alone: boolean): void {
  const parts = plan.map(({ shards, ...part }) => ({ ...part, shards: shards.length }));
  const holds = existsSync(staging) && readdirSync(staging).some((name) => name !== RECEIPTS); // before what is asked for stands
  const found = readJsonIfPresent<Growing>(growingPath(staging));
  if (isDeepStrictEqual([found?.head, found?.parts], [head, parts])) return;
  const isOurs = found !== undefined && alone;
  if (!isOurs && holds)
    throw badInput(
      'BAD_OPTION',
      `${staging}: holds something else, expected to grow --out there`,
      'name another --out',
    );
  if (isOurs) rmSync(staging, { recursive: true });
  const { dir, to, endId, bos, context, partTokens } = options;
  const asked = { dir: isUrl(dir) ? dir : resolve(dir), to, endId, bos, context, partTokens };
  writeFileAtomic(growingPath(staging), `${JSON.stringify({ options: asked, head, parts })}\n`);
}

const receiptPath = (staging: string, { split, index }: TokenPart): string =>
  join(staging, RECEIPTS, `${split}-${index}.json`);

/** @returns false when interrupted */
async function writePart(
  { folder, engine, shape, framing, staging }: Export,
  part: Planned,
  signal: AbortSignal,
  tell: (tokens: number) => void,
): Promise<boolean> {
  const files = new PartFiles(staging);
  const sums = new Sums();
  try {
    const writer = engine.writer(part, shape, (name) => files.open(name));
    for await (const documents of framedDocuments(folder, part.split, part.shards, framing)) {
      if (signal.aborted) return false;
      writer.add(documents);
      sums.add(documents);
      tell(sums.tokens);
    }
    const facts = writer.finish();
    const { documents, tokens } = sums;
    const receipt: Receipt = { documents, tokens, ...sums.digests(), files: files.whole, facts };
    writeFileAtomic(receiptPath(staging, part), `${JSON.stringify(receipt)}\n`);
    return true;
  } finally {
    files.discard();
  }
}

/** All parts stand: what speaks of all of them is written, every byte read back, and the folder put in place. */
async function publish({ folder, engine, shape, head, plan, staging }: Export, out: string): Promise<TokenExport> {
  const parts = plan.map((part) => ({ part, ...readJsonIfPresent<Receipt>(receiptPath(staging, part))! }));
  const splits = SPLITS.filter((split) => plan.some((part) => part.split === split));
  const partsOf = (split: Split) => parts.filter(({ part }) => part.split === split);
  const beside = {
    ...engine.root?.(splits),
    ...(await tokenizerOf(folder)),
    ...Object.fromEntries(
      splits.flatMap((split) =>
        Object.entries(engine.index?.(split, partsOf(split), shape) ?? {}).map(([name, text]) => [
          `${split}/${name}`,
          text,
        ]),
      ),
    ),
  };
  for (const [name, data] of Object.entries(beside)) writeFileAtomic(join(staging, name), data);
  for (const { files } of parts) for (const file of files) await verifyFile(staging, file);
  const told = (split: Split): ExportedPart[] =>
    partsOf(split).map(({ documents, tokens, tokenHash, lengthHash, files }) => ({
      ...{ documents, tokens, tokenHash, lengthHash, files },
    }));
  const report: TokenExport = { ...head, splits: Object.fromEntries(splits.map((split) => [split, told(split)])) };
  writeFileAtomic(join(staging, EXPORT_FILE), `${JSON.stringify(report, null, 1)}\n`);
  removeOthers(staging, [
    EXPORT_FILE,
    ...Object.keys(beside),
    ...parts.flatMap(({ files }) => files.map(({ name }) => name)),
  ]);
  if (existsSync(out)) rmdirSync(out); // empty
  renameSync(staging, out);
  syncFolder(dirname(out));
  return report;
}

/** Receipts, and what a killed writer had begun. */
function removeOthers(dir: string, names: readonly string[]): void {
  const keep = new Set(names.map((name) => join(dir, name)));
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !keep.has(path)) rmSync(path);
  }
  rmdirSync(join(dir, RECEIPTS));
}

const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

/** Its files, which every one of these engines can load. */
export async function tokenizerOf(
  folder: TokenFolder,
): Promise<Readonly<Record<(typeof TOKENIZER_FILES)[number], Uint8Array>>> {
  if (isUrl(folder.where)) return fetchTokenizer(folder);
  const [json, config] = TOKENIZER_FILES.map((name) => readFileSync(join(folder.where, name)));
  return { 'tokenizer.json': json, 'tokenizer_config.json': config };
}
