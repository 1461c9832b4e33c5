/**
 * What is between two folders of documents: two nights, two corpora. Shards that both have, by their checksums, are read
 * once and compared with nothing; of the others the first folder's ids are held in memory.
 */

import { badInput } from '../crawlers/shell/errors.ts';
import { formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { checksumOf } from './checksum.ts';
import { type Amount, Profile } from './documents/profile.ts';
import { type Kind, type SeenRow, seenRows } from './documents/read-profile.ts';
import { Sketch, stability } from './documents/sketch.ts';
import { findFolders, readDocumentManifest } from './manifest.ts';
import type { DocumentShard } from './manifest-shape.ts';

/** Source → reason → documents. */
type BySource = Record<string, Record<string, number>>;

export interface Drift {
  readonly measurement: string;
  /** Means. */
  readonly before: number;
  readonly after: number;
  /** Difference of the means in standard deviations of the first. */
  readonly deviations: number;
  /** Population stability index: 0.1 is little, 0.25 is much. */
  readonly stability: number;
}

export interface Difference {
  readonly before: { readonly documents: number; readonly rejects: number; readonly bytes: number };
  readonly after: { readonly documents: number; readonly rejects: number; readonly bytes: number };
  /** By why they were not there before: `new`, or what had dropped them. */
  readonly added: BySource;
  /** By why they are not there any more: what dropped them, or `gone`. */
  readonly removed: BySource;
  /** Same id, another text, or the same text at another address. */
  readonly changed: BySource;
  readonly unchanged: number;
  /** Most changed first. */
  readonly drift: readonly Drift[];
  readonly hosts: {
    readonly new: Readonly<Record<string, Amount>>;
    readonly vanished: Readonly<Record<string, Amount>>;
  };
}

/** A document of the first folder. */
interface Before {
  readonly source: string;
  readonly url: string;
  readonly text: string;
}

/**
 * @param from folders of documents, of runs, or of snapshots
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_SHARD
 */
export async function diffOf(from: string, to: string, signal?: AbortSignal): Promise<Difference> {
  const sides = [from, to].map((dir) => {
    const { documents } = findFolders(dir);
    if (documents === undefined)
      throw badInput('NO_DOCUMENTS', `${dir}: no documents`, 'give a folder of `vua clean` or `vua run`');
    return { dir: documents, manifest: readDocumentManifest(documents) };
  });
  const [a, b] = sides;
  const common = new Profile();
  const profiles = [new Profile(), new Profile()];
  const rows = (side: typeof a, kind: Kind, other: typeof a, isCommon: boolean) => {
    const known = new Set(other.manifest[kind].map(({ checksum }) => checksum));
    const chosen = side.manifest[kind].filter(({ checksum }) => known.has(checksum) === isCommon);
    return seenRows(side.dir, kind, chosen as readonly DocumentShard[], signal);
  };
  let unchanged = 0;
  for (const kind of ['documents', 'rejects'] as const) {
    for await (const { row, text } of rows(a, kind, b, true)) {
      common.addRow(row, text);
      if (kind === 'documents') unchanged++;
    }
  }
  const reasons = { before: new Map<string, string>(), after: new Map<string, string>() };
  const before = new Map<string, Before>();
  for await (const seen of rows(a, 'documents', b, false)) {
    profiles[0].addRow(seen.row, seen.text);
    before.set(seen.row.string('id'), factsOf(seen));
  }
  for await (const { row, text } of rows(a, 'rejects', b, false)) {
    profiles[0].addRow(row, text);
    reasons.before.set(row.string('id'), reasonOf(row));
  }
  for await (const { row, text } of rows(b, 'rejects', a, false)) {
    profiles[1].addRow(row, text);
    reasons.after.set(row.string('id'), reasonOf(row));
  }
  const [added, removed, changed]: BySource[] = [{}, {}, {}];
  for await (const seen of rows(b, 'documents', a, false)) {
    profiles[1].addRow(seen.row, seen.text);
    const id = seen.row.string('id');
    const [old, now] = [before.get(id), factsOf(seen)];
    before.delete(id);
    if (old === undefined) count(added, now.source, reasons.before.get(id) ?? 'new');
    else if (old.text !== now.text) count(changed, now.source, 'text');
    else if (old.url !== now.url) count(changed, now.source, 'address');
    else unchanged++;
  }
  for (const [id, { source }] of before) count(removed, source, reasons.after.get(id) ?? 'gone');
  for (const profile of profiles) profile.merge(common);
  const [first, second] = profiles;
  return {
    ...{ before: sizeOf(first), after: sizeOf(second), added, removed, changed, unchanged },
    drift: driftOf(first, second),
    hosts: { new: missing(second, first), vanished: missing(first, second) },
  };
}

const factsOf = ({ row, text }: SeenRow): Before => ({
  ...{ source: row.string('source'), url: row.string('url'), text: checksumOf(text) },
});
const reasonOf = (row: SeenRow['row']): string => `${row.string('stage')}/${row.string('reason')}`;
const sizeOf = ({ documents, rejects, bytes }: Profile) => ({ documents, rejects, bytes });

function count(counts: BySource, source: string, reason: string): void {
  counts[source] ??= {};
  counts[source][reason] = (counts[source][reason] ?? 0) + 1;
}

/** Hosts of one that the other has no documents of, largest first. */
const missing = (of: Profile, other: Profile): Record<string, Amount> =>
  Object.fromEntries(
    [...of.hosts].filter(([host]) => !other.hosts.has(host)).sort(([, x], [, y]) => y.documents - x.documents),
  );

/** Of every measurement that one of them has. */
export function driftOf(a: Profile, b: Profile): Drift[] {
  const names = new Set([...a.measurements.keys(), ...b.measurements.keys()]);
  return [...names]
    .map((measurement) => {
      const [before, after] = [a, b].map(({ measurements }) => measurements.get(measurement) ?? new Sketch());
      const moved = after.mean - before.mean;
      return {
        ...{ measurement, before: before.mean, after: after.mean, stability: stability(before, after) },
        deviations: moved === 0 ? 0 : moved / before.deviation,
      };
    })
    .sort((x, y) => y.stability - x.stability);
}

/** Rows that a table for people shows. */
const SHOWN = 15;

export function formatDiff({ before, after, added, removed, changed, unchanged, drift, hosts }: Difference): string {
  const rows = (['documents', 'rejects', 'bytes'] as const).map((name) => [
    name,
    formatCount(before[name]),
    formatCount(after[name]),
    signed(after[name] - before[name]),
  ]);
  const kinds = [['added', added] as const, ['removed', removed] as const, ['changed', changed] as const];
  const cases = kinds.flatMap(([kind, sources]) =>
    Object.entries(sources).flatMap(([source, reasons]) =>
      Object.entries(reasons).map(([reason, documents]) => [kind, source, reason, documents] as const),
    ),
  );
  const moves = short(
    [...cases].sort(([, , , x], [, , , y]) => y - x),
    ([kind, source, reason, documents]) => [kind, source, reason, formatCount(documents)],
  );
  const drifts = short(
    drift.filter(({ before: x, after: y }) => x !== y),
    (each) => [
      ...[each.measurement, figure(each.before), figure(each.after)],
      ...[`${figure(each.deviations)} σ`, figure(each.stability)],
    ],
  );
  const gone = [['new', hosts.new] as const, ['vanished', hosts.vanished] as const].flatMap(([kind, of]) =>
    short(Object.entries(of), ([host, { documents }]) => [kind, host, formatCount(documents)]),
  );
  return [
    formatTable([['', 'before', 'after', 'difference'], ...rows, ['unchanged', '', formatCount(unchanged), '']]),
    ...(moves.length > 0 ? [formatTable([['documents', 'source', 'reason', ''], ...moves])] : []),
    ...(drifts.length > 0 ? [formatTable([['measurement', 'before', 'after', 'moved', 'stability'], ...drifts])] : []),
    ...(gone.length > 0 ? [formatTable([['host', '', 'documents'], ...gone])] : []),
  ].join('\n\n');
}

function short<T>(items: readonly T[], cells: (item: T) => string[]): string[][] {
  const rows = items.slice(0, SHOWN).map(cells);
  return items.length > SHOWN ? [...rows, [`… ${formatCount(items.length - SHOWN)} more (--json)`]] : rows;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${formatCount(value)}`;
const figure = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–');
