/**
 * Tokens for other trainers, as they are: nothing is tokenised again. A split is written in parts, each of some token
 * shards; what a part wrote is noted in a receipt when its files stand, so a call that was killed goes on behind the last
 * whole part, and several may write different parts. When all stand their bytes are read back and compared, the files that
 * speak of all of them are written, and OUT appears by one rename.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { foreseeRoom, readJsonIfPresent, syncFolder, writeFileAtomic } from '../../../crawlers/shell/folder.ts';
import { type Outcome, unattended, type Work } from '../../../crawlers/shell/work.ts';
import type { TokenType } from '../../format.ts';
import type { TokenShard } from '../../manifest-shape.ts';
import { SPLITS, type Split } from '../../split.ts';
import { fetchTokenizer, isUrl, openTokens, type TokenFolder } from '../../tokens/source.ts';
import type { TokenFormat } from '../formats.ts';
import { type Engine, TOKEN_BYTES, type TokenPart, type TokenShape } from './engine.ts';
import { ENGINES } from './engines.ts';
import { type ExportedFile, PartFiles, verifyFile } from './part-files.ts';
import { addedTokens, type Framing, framedDocuments } from './read.ts';
import { Sums } from './sums.ts';

export const EXPORT_FILE = 'manifest.json';
export const EXPORT = { format: 'vua-token-export', version: 1 } as const;
/** In the folder that is written; gone when it is whole. */
const RECEIPTS = 'receipts';
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

interface Receipt extends ExportedPart {
  readonly facts: unknown;
}

interface Planned extends TokenPart {
  readonly shards: readonly TokenShard[];
}

/** All that decides over the bytes. */
interface Export {
  readonly folder: TokenFolder;
  readonly engine: Engine;
  readonly shape: TokenShape;
  readonly framing: Framing;
  readonly head: Omit<TokenExport, 'splits'>;
  readonly plan: readonly Planned[];
  /** Where it grows. */
  readonly staging: string;
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
  begin(what);
  const total = what.plan.reduce((sum, { tokens }) => sum + tokens, 0);
  foreseeRoom(what.staging, total * TOKEN_BYTES[what.shape.dtype], 'tokens', (text) => work.report.note(text));
  const progress = work.report.stage('export', 'tokens', total);
  let done = 0;
  const receipts: Receipt[] = [];
  for (const part of what.plan) {
    const whole = readJsonIfPresent<Receipt>(receiptPath(what.staging, part));
    const receipt = whole ?? (await writePart(what, part, work.signal, (tokens) => progress.update(done + tokens)));
    if (receipt === undefined) return { outcome: 'interrupted', report: undefined };
    receipts.push(receipt);
    done += part.tokens;
    progress.update(done);
  }
  const report = await publish(what, receipts, resolve(options.out));
  progress.finish();
  return { outcome: 'written', report };
}

function decided(options: ExportTokensOptions, folder: TokenFolder): Export {
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

/** What stands at OUT, where it is this export. @throws ToolkitError BAD_OPTION (exit 2) for anything else */
function exportedBefore(out: string, head: Export['head']): TokenExport | undefined {
  if (!existsSync(out) || readdirSync(out).length === 0) return undefined;
  const { splits, ...found } = readJsonIfPresent<TokenExport>(join(out, EXPORT_FILE)) ?? { splits: {} };
  if (isDeepStrictEqual(found, head)) return { ...head, splits };
  throw badInput('BAD_OPTION', `--out ${out}: holds something else, expected a new or an empty folder`, 'name another');
}

/** Makes the folder in which it grows; what another export left there goes. */
function begin({ staging, head, plan }: Export): void {
  const path = join(staging, RECEIPTS, 'of.json');
  const of = `${JSON.stringify([head, plan.map(({ shards, ...part }) => [part, shards.length])])}\n`;
  const found = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (found === of) return;
  if (found === undefined && existsSync(staging) && readdirSync(staging).length > 0)
    throw badInput('BAD_OPTION', `${staging}: holds something, expected to grow --out there`, 'name another --out');
  rmSync(staging, { recursive: true, force: true });
  writeFileAtomic(path, of);
}

const receiptPath = (staging: string, { split, index }: TokenPart): string =>
  join(staging, RECEIPTS, `${split}-${index}.json`);

/** @returns its receipt; nothing when interrupted */
async function writePart(
  { folder, engine, shape, framing, staging }: Export,
  part: Planned,
  signal: AbortSignal,
  tell: (tokens: number) => void,
): Promise<Receipt | undefined> {
  const files = new PartFiles(staging);
  const sums = new Sums();
  try {
    const writer = engine.writer(part, shape, (name) => files.open(name));
    for await (const documents of framedDocuments(folder, part.split, part.shards, framing)) {
      if (signal.aborted) return undefined;
      writer.add(documents);
      sums.add(documents);
      tell(sums.tokens);
    }
    const facts = writer.finish();
    const receipt = { documents: sums.documents, tokens: sums.tokens, ...sums.digests(), files: files.whole, facts };
    writeFileAtomic(receiptPath(staging, part), `${JSON.stringify(receipt)}\n`);
    return receipt;
  } finally {
    files.discard();
  }
}

/** All parts stand: what speaks of all of them is written, every byte read back, and the folder put in place. */
async function publish(
  { folder, engine, shape, head, plan, staging }: Export,
  receipts: readonly Receipt[],
  out: string,
) {
  const parts = plan.map((part, i) => ({ part, ...receipts[i] }));
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
