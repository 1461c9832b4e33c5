/**
 * Documents that leave a folder: taken out of their shards together, one pass over each shard that holds any, whatever
 * the number of pages that made them leave.
 *
 *   documents-00003.arrow ──▶ without them, under a new number; batches that lose no row are copied; a shard that is
 *                             larger than one should be becomes several
 *   superseded, excerpts   ──▶ a row of the rejects, with its text; what opted out a row without
 *   rejects-00001.arrow   ──▶ texts of URLs that opted out are gone
 */
import type { openMemory } from '../../cleaning/clean.ts';
import { containmentThreshold } from '../../cleaning/recipe.ts';
import { addressOf, siteOf } from '../../crawlers/page.ts';
import { hash64 } from '../checksum.ts';
import { SHARD_BYTES, shardIndex } from '../format.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { type Row, readShard, rowsOf, type TextBatch } from './read.ts';
import { type Change, DocumentWriter, rewriteShard } from './write.ts';

const keyOf = (text: string): bigint => BigInt.asIntN(64, hash64(text));
type Memory = Pick<
  ReturnType<typeof openMemory>,
  'departures' | 'departed' | 'isSilenced' | 'placeFrom' | 'moveShard' | 'rejectDeparted'
>;
type Departures = ReturnType<Memory['departures']>;
type Departure = Departures['documents'][number];

/**
 * @param index the first free number of a shard
 * @returns the manifest without them; files that it does not list any more are the caller's to remove
 * @throws ToolkitError WRITE_FAILED, BAD_SHARD
 */
export function carryOut(
  dir: string,
  store: Memory,
  manifest: DocumentManifest,
  index: number,
  shardBytes = SHARD_BYTES,
): DocumentManifest {
  const { documents, rejectShards } = store.departures();
  if (documents.length === 0 && rejectShards.length === 0) return manifest;
  const next = (): number => index++;
  let rejectsIndex = next();
  const rejects = new DocumentWriter(dir, { firstIndex: rejectsIndex, shardBytes });
  const rejected: DocumentShard[] = [];
  const reject = (drop: Parameters<DocumentWriter['drop']>[0], number: number): void => {
    rejects.drop(drop);
    if (drop.text !== '') store.rejectDeparted(number, rejectsIndex);
    if (!rejects.isFull) return;
    rejected.push(...rejects.finish().rejects);
    rejectsIndex = next();
    rejects.continueAt(rejectsIndex);
  };
  const least = containmentThreshold(manifest.recipe);
  const anew = (kind: 'documents' | 'rejects', shard: number, change: (row: Row) => Change): void => {
    const at = manifest[kind].findIndex(({ file }) => shardIndex(kind, file) === shard);
    if (at < 0) return;
    const pieces: number[] = [];
    const begin = (firstId: string): number => {
      const piece = next();
      if (pieces.length > 0) store.placeFrom(firstId, [shard, pieces.at(-1)!], piece);
      pieces.push(piece);
      return piece;
    };
    // Rejects are found by their shard alone: one stays one.
    const most = kind === 'documents' ? shardBytes : Number.POSITIVE_INFINITY;
    const batches = readShard(dir, kind, manifest[kind][at]);
    const written = rewriteShard(dir, kind, batches, { begin, shardBytes: most }, change);
    if (pieces.length > 0) store.moveShard(kind, shard, pieces[0]);
    manifest = { ...manifest, [kind]: manifest[kind].flatMap((each, i) => (i === at ? written : [each])) };
  };
  const isSilenced = (row: Row): boolean => {
    const address = addressOf(row.string('url'));
    const time = Date.parse(row.string('fetched_at')) || 0;
    return store.isSilenced({ url: keyOf(address), site: keyOf(siteOf(address)), address, time });
  };
  try {
    for (const [shard, departures] of byShard(documents)) {
      const leaving = new Leaving(departures);
      anew('documents', shard, (row) => {
        const departure = leaving.take(row);
        if (departure === undefined) return undefined;
        const hasText = departure.reason !== 'opted_out_later' && !isSilenced(row);
        reject(dropOf(row, departure, hasText, least), departure.number);
        return 'goes';
      });
    }
    const mustLose = (row: Row): boolean => row.string('text') + row.string('title') !== '' && isSilenced(row);
    for (const shard of rejectShards) {
      const entry = manifest.rejects.find(({ file }) => shardIndex('rejects', file) === shard);
      if (entry === undefined || !holds(readShard(dir, 'rejects', entry), mustLose)) continue;
      anew('rejects', shard, (row) => (mustLose(row) ? { title: '', text: '' } : undefined));
    }
    store.departed();
    return { ...manifest, rejects: [...manifest.rejects, ...rejected, ...rejects.finish().rejects] };
  } finally {
    rejects.discard();
  }
}

function holds(batches: Iterable<TextBatch<string, string>>, wanted: (row: Row) => boolean): boolean {
  for (const batch of batches) for (const row of rowsOf('rejects', batch)) if (wanted(row)) return true;
  return false;
}

function byShard(documents: readonly Departure[]): ReadonlyMap<number, Departure[]> {
  const shards = new Map<number, Departure[]>();
  for (const departure of documents) {
    const known = shards.get(departure.shard);
    if (known === undefined) shards.set(departure.shard, [departure]);
    else known.push(departure);
  }
  return shards;
}

/** Departures of one shard by what its rows say. Of equal ones the row that stands first is the older. */
class Leaving {
  readonly #byName = new Map<string, Departure[]>();

  constructor(departures: readonly Departure[]) {
    for (const departure of departures) {
      const name = `${departure.id}\n${departure.fetchedAt}`;
      const known = this.#byName.get(name);
      if (known === undefined) this.#byName.set(name, [departure]);
      else known.push(departure);
    }
  }

  take(row: Row): Departure | undefined {
    return this.#byName.get(`${row.string('id')}\n${row.string('fetched_at')}`)?.shift();
  }
}

function dropOf(
  row: Row,
  { reason, other, later, seen }: Departure,
  hasText: boolean,
  least: number,
): Parameters<DocumentWriter['drop']>[0] {
  return {
    id: row.string('id'),
    url: row.string('url'),
    title: hasText ? row.string('title') : '',
    source: row.string('source'),
    fetchedAt: row.string('fetched_at'),
    stage: !hasText ? 'consent' : reason === 'excerpt' ? 'near' : 'version',
    reason: hasText ? reason : 'opted_out_later',
    value: hasText ? later : 1,
    threshold: !hasText ? 0 : reason === 'excerpt' ? least : seen,
    other,
    charset: row.string('charset'),
    language: row.string('language'),
    ...(hasText && { measurements: row.measurements() }),
    text: hasText ? row.string('text') : '',
  };
}
