/**
 * `OUT.partial`, in which ranks of `vua tokens` write: what one document shard gives is a unit, a folder that appears whole,
 * by one rename, and is the same bytes whoever makes it.
 *
 *   tokens.json           what all ranks make, the same for all of them
 *   documents-00003/      its token shards with their tables, and unit.json, which says what they are
 *   .documents-00003.…    begun
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { badInput } from '../../crawlers/shell/errors.ts';
import { makeFolder, readJsonIfPresent, syncFolder, writeFault, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { wrongSize } from '../arrow/file-sizes.ts';
import { checksumOf } from '../checksum.ts';
import { type CountsEntry, type DocumentShard, type TokenShard, tokenFiles } from '../manifest-shape.ts';
import { partialOf } from '../ranks/plan.ts';
import type { Compared, TokenFacts } from './plan.ts';

const BEGUN_FILE = 'tokens.json';
const UNIT_FILE = 'unit.json';

/** What ranks make, by which the merge finds it again. */
interface Begun {
  readonly format: 'vua-token-ranks';
  readonly version: 1;
  readonly options: Omit<TokenFacts, 'outDir'>;
  readonly wanted: Compared['wanted'];
}

/** Where units stand, and of which making they are. */
export interface Units {
  readonly partial: string;
  readonly making: string;
}

export interface Unit {
  /** Ranks that begin at once with different options may both write: only units of one making are taken. */
  readonly making: string;
  /** Named as in a folder of its own. */
  readonly shards: readonly TokenShard[];
  /** Of its training shards. */
  readonly counts: CountsEntry;
  /** Documents that were left out. */
  readonly left: number;
}

/** What ranks of `vua tokens` began for this folder. */
export const begunTokens = (out: string): Begun | undefined => readJsonIfPresent(join(partialOf(out), BEGUN_FILE));

/** What of it decides over the bytes. */
const saidBy = ({ options, wanted }: Begun): Record<string, unknown> => {
  const { documentsDir: _, tokenizerDir: __, ...decides } = options;
  return { ...wanted, ...decides };
};

/**
 * Makes the folder of units, or finds that of the same making.
 * @throws ToolkitError BAD_OPTION (exit 2) where another was begun there
 */
export function beginUnits({ outDir, ...options }: TokenFacts, { wanted }: Pick<Compared, 'wanted'>): Units {
  const partial = partialOf(outDir);
  const { documentsDir, tokenizerDir, vocabSize, bosId, validShare, dropout, ...others } = options;
  const { contaminated, shardTokens, batchTokens } = others;
  const text = JSON.stringify({
    ...{ format: 'vua-token-ranks', version: 1 },
    options: {
      ...{ documentsDir: resolve(documentsDir), tokenizerDir: resolve(tokenizerDir), vocabSize, bosId, validShare },
      ...{ contaminated, shardTokens, batchTokens },
      ...(dropout && { dropout: { share: dropout.share, seed: dropout.seed } }),
    },
    wanted,
  } satisfies Begun);
  const found = begunTokens(outDir);
  if (found === undefined) writeFileAtomic(join(partial, BEGUN_FILE), `${text}\n`);
  const now = saidBy(JSON.parse(text) as Begun);
  const before = found === undefined ? now : saidBy(found);
  const other = Object.keys({ ...before, ...now }).filter((key) => !isDeepStrictEqual(before[key], now[key]));
  if (other.length === 0) return { partial, making: checksumOf(Buffer.from(JSON.stringify(now))) };
  throw badInput(
    'BAD_OPTION',
    `${partial}: ranks began it with other ${other.join(', ')} than there are now`,
    'give every rank the same command and inputs, or name another --out',
  );
}

const unitPath = ({ partial }: Units, { file }: Pick<DocumentShard, 'file'>): string =>
  join(partial, basename(file, '.arrow'));

/** What a document shard gave, where it stands whole. */
export function readUnit(units: Units, shard: DocumentShard): (Unit & { readonly dir: string }) | undefined {
  const dir = unitPath(units, shard);
  const unit = readJsonIfPresent<Unit>(join(dir, UNIT_FILE));
  const isWhole = unit?.making === units.making && wrongSize(dir, [...tokenFiles(unit), unit.counts]) === undefined;
  return isWhole ? { ...unit, dir } : undefined;
}

/**
 * Makes a unit in a folder that nobody else knows, and gives it its name.
 * @param write puts the shards there; `undefined`: it was stopped
 * @returns false when it was
 */
export async function writeUnit(
  units: Units,
  shard: DocumentShard,
  write: (dir: string) => Promise<Omit<Unit, 'making'> | undefined>,
): Promise<boolean> {
  const to = unitPath(units, shard);
  const apart = join(units.partial, `.${basename(to)}.${randomBytes(6).toString('hex')}`);
  makeFolder(apart);
  try {
    const written = await write(apart);
    if (written === undefined) return false;
    const unit: Unit = { making: units.making, ...written };
    writeFileAtomic(join(apart, UNIT_FILE), `${JSON.stringify(unit)}\n`);
    if (existsSync(to) && readUnit(units, shard) === undefined) rmSync(to, { recursive: true, force: true });
    try {
      renameSync(apart, to);
    } catch (error) {
      // Another process of this rank was first, with the same bytes.
      if (readUnit(units, shard) === undefined) throw writeFault(to, error) ?? error;
    }
    syncFolder(units.partial);
    return true;
  } finally {
    rmSync(apart, { recursive: true, force: true });
  }
}
