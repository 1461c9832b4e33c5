/** What ranks cleaned → a folder of documents, whole or not at all. */
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Lacking, lackingIn, type Settled, withSettled } from '../../cleaning/ranks/stages.ts';
import { badInput, tryAgain } from '../../crawlers/shell/errors.ts';
import { makeFolder, readJsonIfPresent, syncFolder } from '../../crawlers/shell/folder.ts';
import type { Outcome } from '../../crawlers/shell/work.ts';
import { carryOut } from '../documents/depart.ts';
import { writeGroups } from '../documents/groups.ts';
import { type CleanReport, mergeReports } from '../documents/report.ts';
import { DOCUMENTS } from '../format.ts';
import { readDocumentManifest, writeManifest } from '../manifest.ts';
import type { DocumentManifest } from '../manifest-shape.ts';
import { type CleanPlan, partialOf, readPlan } from './plan.ts';
import { type WrittenPair, writtenFile } from './write.ts';

export interface MergedDocuments {
  readonly manifest: DocumentManifest;
  readonly report: CleanReport;
  /** Documents that left for a longer one. */
  readonly left: number;
}

/** Whether ranks of `vua clean` work on this folder. */
export const isOfRanks = (out: string): boolean => readPlan(partialOf(out)) !== undefined;

/** Names of ranks for people. */
export const namesOf = ({ ranks }: Lacking): string =>
  `${ranks.slice(0, 8).join(', ')}${ranks.length > 8 ? ` and ${ranks.length - 8} more` : ''}`;

/**
 * Puts the shards in place, when every rank has ended every stage. Killed, it goes on where it was.
 * @throws ToolkitError INCOMPLETE (exit 75) naming the stage and the ranks that it waits for; NO_MANIFEST (exit 2)
 */
export async function mergeDocuments(out: string): Promise<Outcome<MergedDocuments>> {
  const dir = partialOf(out);
  const plan = readPlan(dir);
  if (plan === undefined)
    throw badInput('NO_MANIFEST', `${out}: no ranks have written here`, 'run `vua clean` in every rank first');
  const lacking = lackingIn(dir, plan.of);
  if (lacking !== undefined) {
    throw tryAgain(
      'INCOMPLETE',
      `${out}: stage ${lacking.stage} is not whole: ${lacking.ranks.length} of ${plan.of} ranks did not end it: ${namesOf(lacking)}`,
      'run the same command in these ranks once more',
    );
  }
  const merged = await withSettled<CleanReport, MergedDocuments>(dir, plan.of, (settled) => place(dir, plan, settled));
  if (existsSync(out)) rmdirSync(out);
  renameSync(join(dir, basename(resolve(out))), out);
  syncFolder(dirname(resolve(out)));
  rmSync(dir, { recursive: true });
  return { outcome: 'written', report: merged };

  function place(dir: string, plan: CleanPlan, settled: Settled<CleanReport>): MergedDocuments {
    const to = join(dir, basename(resolve(out)));
    makeFolder(to);
    const pairs = Array.from(
      { length: plan.of },
      (_, rank) => readJsonIfPresent<{ readonly pairs: WrittenPair[] }>(writtenFile(dir, rank))!.pairs,
    ).flat();
    pairs.sort((a, b) => a.index - b.index);
    const documents = pairs.flatMap(({ pair }) => pair.documents);
    const rejects = pairs.flatMap(({ pair }) => pair.rejects);
    for (const { file } of [...documents, ...rejects]) {
      if (existsSync(join(dir, file))) renameSync(join(dir, file), join(to, file));
    }
    const whole = { ...DOCUMENTS, recipe: plan.recipe, documents, rejects, groups: writeGroups(to, groupsOf(settled)) };
    const left = carryOut(to, new Leaving(settled.departed, pairs), whole, pairs.length, plan.shardBytes);
    const listed = new Set([...left.documents, ...left.rejects].map(({ file }) => file));
    for (const name of readdirSync(to)) {
      if (/\.arrow(\.tmp)?$/.test(name) && !listed.has(name)) rmSync(join(to, name));
    }
    writeManifest(to, left);
    return {
      manifest: readDocumentManifest(to),
      report: settled.facts.reduce(mergeReports),
      left: settled.departed.length,
    };
  }
}

type Memory = Parameters<typeof carryOut>[1];
type Departed = Settled<unknown>['departed'][number];

/** What `carryOut` asks of the memory of cleaning, of documents that left in the run that made them. */
class Leaving implements Memory {
  readonly #departed: readonly Departed[];
  readonly #pairs: readonly WrittenPair[];

  constructor(departed: readonly Departed[], pairs: readonly WrittenPair[]) {
    this.#departed = departed;
    this.#pairs = pairs;
  }

  departures(): ReturnType<Memory['departures']> {
    const documents = this.#departed.map(({ number, id, fetchedAt, url, other, containment }) => {
      const shard = this.#pairs.find(({ from, to }) => number >= from && number < to)!.index;
      const where = { number, id, fetchedAt, shard, address: url };
      return { ...where, reason: 'excerpt' as const, other, later: containment, seen: 0 };
    });
    return { documents, rejectShards: [] };
  }

  isSilenced = (): boolean => false;
  departed(): void {}
  placeFrom(): void {}
  moveShard(): void {}
  rejectDeparted(): void {}
}

/** Keys that are not the greatest of their group, with the one that is; by key. */
function groupsOf(settled: Pick<Settled<unknown>, 'edges'>): [number, number][] {
  const greater = new Map<number, number>();
  const greatest = (key: number): number => {
    let at = key;
    for (let next = greater.get(at); next !== undefined; next = greater.get(at)) at = next;
    for (let passed = key; passed !== at; ) {
      const next = greater.get(passed)!;
      greater.set(passed, at);
      passed = next;
    }
    return at;
  };
  for (const [a, b] of settled.edges()) {
    const [x, y] = [greatest(a), greatest(b)];
    if (x !== y) greater.set(Math.min(x, y), Math.max(x, y));
  }
  return [...greater.keys()].sort((a, b) => a - b).map((key) => [key, greatest(key)]);
}
