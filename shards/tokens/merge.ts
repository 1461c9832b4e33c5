/** Units of ranks → a folder of tokens, whole or not at all: to the byte what one process writes. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryAgain } from '../../crawlers/shell/errors.ts';
import { linkOrCopy } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { type Outcome, unattended } from '../../crawlers/shell/work.ts';
import { shardFile, tableFile } from '../format.ts';
import type { TokenManifest, TokenShard } from '../manifest-shape.ts';
import { partialOf } from '../ranks/plan.ts';
import { SPLITS, type Split } from '../split.ts';
import { discard, fill, openWriters, type TokensOf } from './fill.ts';
import { type Compared, nextNumbers, planOf, type TokenFacts } from './plan.ts';
import { type Group, KnownTokens } from './reuse.ts';
import { reopenTokens, type TokenFolder } from './source.ts';
import { beginUnits, begunTokens, readUnit } from './units.ts';
import { publishTokens, settle } from './write.ts';

type Whole = NonNullable<ReturnType<typeof readUnit>>;
type Numbers = Record<Split, number>;

/**
 * Killed, it goes on where it was: units leave when the manifest stands.
 * @returns undefined where no ranks of `vua tokens` wrote for this folder
 * @throws ToolkitError INCOMPLETE (exit 75) naming document shards without tokens; BAD_OPTION (exit 2) where the documents or the
 *   tokenizer are others than the ranks had; those of `writeTokens`
 */
export async function mergeTokens(
  outDir: string,
  work = unattended(),
): Promise<Outcome<TokenManifest, undefined> | undefined> {
  const begun = begunTokens(outDir);
  if (begun === undefined) return undefined;
  const options = { ...begun.options, outDir };
  return holding(outDir, [options.documentsDir], async () => {
    const done = await mergeLocked(options, work);
    if (done.outcome !== 'interrupted') rmSync(partialOf(outDir), { recursive: true });
    return done;
  });
}

async function mergeLocked(
  options: TokenFacts,
  work: ReturnType<typeof unattended>,
): Promise<Outcome<TokenManifest, undefined>> {
  const { signal } = work;
  const compared = await settle(options, work);
  const begun = beginUnits(options, compared);
  if (compared.previous !== undefined && compared.isCurrent)
    return { outcome: 'nothing_new', report: compared.previous };
  const plan = await planOf(options, compared, signal);
  const units = new Map(plan.anew.map((shard) => [shard, readUnit(begun, shard)] as const));
  const missing = plan.anew.filter((shard) => units.get(shard) === undefined).map(({ file }) => file);
  if (missing.length > 0) {
    const names = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
    throw tryAgain(
      'INCOMPLETE',
      `${options.outDir}: ${missing.length} of ${plan.anew.length} document shards have no tokens yet: ${names}`,
      'run the ranks that did not end once more',
    );
  }
  const next: Numbers = nextNumbers(compared.listed);
  const shards: TokenShard[] = [];
  const counts = new Float64Array(options.vocabSize);
  let left = 0;
  for (const group of plan.groups) {
    if (group.kept) shards.push(...group.kept);
    if (group.kept) continue;
    const own = group.documents.map((shard) => units.get(shard)!);
    const made = own.length === 1 ? placed(own[0], options.outDir, next) : await joined(group, own);
    if (signal.aborted || made === undefined) return { outcome: 'interrupted', report: undefined };
    const from = group.documents.map(({ checksum }) => checksum);
    shards.push(...made.map((shard) => ({ ...shard, from })));
    for (const unit of own) {
      left += unit.left;
      const more = await (await folderOf(unit, compared)).counts();
      for (let id = 0; id < counts.length; id++) counts[id] += more![id];
    }
  }
  return { outcome: 'written', report: await publishTokens(options, compared, plan, { shards, left, counts }, work) };

  /** Small ones, whose tokens stand together in one shard. */
  async function joined({ documents }: Group, own: readonly Whole[]): Promise<TokenShard[] | undefined> {
    const writers = openWriters(options, compared, next);
    try {
      for (const [i, shard] of documents.entries()) {
        const tokensOf = await tokensIn(own[i], compared);
        await fill(options, plan, [shard], { writers, tokensOf, signal, tell: () => {} });
        if (signal.aborted) return undefined;
      }
      const made = SPLITS.flatMap((split) => writers[split].take());
      for (const { split } of made) next[split]++;
      return made;
    } finally {
      discard(writers);
    }
  }
}

const folderOf = ({ dir, shards, counts }: Whole, { wanted }: Compared): Promise<TokenFolder> =>
  reopenTokens(dir, { ...wanted, counts, shards: [...shards] });

/** What a unit holds, by side and text. */
async function tokensIn(unit: Whole, compared: Compared): Promise<TokensOf> {
  const folder = await folderOf(unit, compared);
  const known = (split: Split) =>
    KnownTokens.of(folder, new Set(folder.manifest.shards.filter((shard) => shard.split === split)), Infinity);
  const sides = { train: await known('train'), valid: await known('valid') };
  return (_, textHash, side) => sides[side].read(textHash);
}

/** The same files under their names in the folder. */
function placed({ dir, shards }: Whole, outDir: string, next: Numbers): TokenShard[] {
  return shards.map((shard) => {
    const file = shardFile(shard.split, next[shard.split]++);
    const table = { ...shard.table!, file: tableFile(file) };
    linkOrCopy(join(dir, shard.file), join(outDir, file));
    linkOrCopy(join(dir, shard.table!.file), join(outDir, table.file));
    return { ...shard, file, table };
  });
}
