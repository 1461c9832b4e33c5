/** Documents and rejects: a page of a list, a sample that can be cited, one with all that is known of it. */
import { z } from 'zod';
import { MEASUREMENTS } from '../../../cleaning/document.ts';
import { knownRecipe } from '../../../cleaning/recipe.ts';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { first53, hashOf } from '../../checksum.ts';
import { readMarks } from '../../documents/marks.ts';
import { explanationOf } from '../../explain/explain.ts';
import { manifestPath } from '../../manifest.ts';
import { Best } from '../../search/best.ts';
import { readQuery } from '../../search/rank.ts';
import { SNIPPET_BYTES, snippetOf } from '../../search/snippet.ts';
import { filterQuery, select } from '../filter.ts';
import { readLabels } from '../labels.ts';
import type { Table } from '../table.ts';
import { endpoint } from '../view.ts';
import { prepareWords, rowsAtAddress, rowsOfId, rowsThatRepeat } from '../words.ts';
import { tableIn } from './overview.ts';

const EXCERPT = 280;
/** Code units of a text that an answer brings. */
const MOST_TEXT = 400_000;

/** The beginning of a text, no character halved. */
const cut = (text: string, most: number): string =>
  text.slice(0, /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most);

/** A line of a list; where something was searched for, with the stretch of text that says most of it. */
export function lineOf(table: Table, number: number, q = '') {
  const row = table.line(number);
  const bytes = row.length('text');
  const most = q === '' ? 4 * EXCERPT : SNIPPET_BYTES;
  const begin = row.string('text', most);
  const text = bytes > most ? begin.replace(/\ufffd+$/, '') : begin;
  const snippet = q === '' ? undefined : snippetOf(text, readQuery(q));
  return {
    row: number,
    id: row.string('id'),
    url: row.string('url'),
    title: row.string('title', 1600).slice(0, 400),
    source: row.string('source'),
    fetchedAt: row.string('fetched_at'),
    excerpt: snippet?.text ?? cut(text, EXCERPT),
    isCut: snippet === undefined && (text.length > EXCERPT || bytes > most),
    bytes,
    syllables: finite(row.number('syllables')),
    ...(row.kind === 'rejects' && {
      stage: row.string('stage'),
      reason: row.string('reason'),
      value: finite(row.number('value')),
      threshold: finite(row.number('threshold')),
    }),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

export const documents = endpoint({
  path: 'documents',
  about: 'a page of what a filter lets through, in the order of the folder, by a measurement, or a sample by its seed',
  query: filterQuery.extend({
    order: z.string().optional().describe('a measurement, ascending; with - before it descending'),
    offset: z.int().min(0).default(0),
    limit: z.int().min(1).max(200).default(50),
    sample: z.int().min(1).max(1000).optional().describe('so many at random, the same for the same documents and seed'),
    seed: z.int().min(0).default(0),
  }),
  async answer({ order, offset, limit, sample, seed, ...filter }, root) {
    const table = tableIn(root, filter.corpus);
    void prepareWords(table).catch(() => {}); // said to whoever searches
    const measurement = order?.replace(/^-/, '');
    if (measurement !== undefined && !(MEASUREMENTS as readonly string[]).includes(measurement))
      throw badInput(
        'BAD_OPTION',
        `order=${order}: no measurement ${measurement}`,
        `there are ${MEASUREMENTS.join(', ')}`,
      );
    const { rows, scores, isPartial, isMaking = false } = await select(table, filter);
    const chosen =
      sample !== undefined
        ? (await sampleOf(table, rows, sample, seed)).slice(offset, offset + limit)
        : order === undefined || measurement === undefined
          ? byScore(rows, scores, offset, limit)
          : ordered(await table.numbers(measurement), rows, order.startsWith('-'), offset, limit);
    const labels = readLabels(root.dir);
    const lines = chosen.map((row) => {
      const line = lineOf(table, row, filter.q);
      return { ...line, label: labels.get(line.id)?.label ?? null };
    });
    return {
      total: rows.length,
      listed: sample === undefined ? rows.length : Math.min(sample, rows.length),
      isPartial,
      isMaking,
      documents: lines,
    };
  },
});

/**
 * The rows whose ids and seed have the smallest hashes: whatever the order of the folder, and of a larger sample the
 * smaller one is the beginning.
 */
async function sampleOf(table: Table, rows: Uint32Array, size: number, seed: number): Promise<number[]> {
  const { values, offsets } = await table.texts('id');
  const hashes = new Float64Array(rows.length);
  const head = Buffer.from(`${seed} `);
  let keyed = Buffer.from(head);
  for (let i = 0; i < rows.length; i++) {
    const [start, end] = [offsets[rows[i]], offsets[rows[i] + 1]];
    const length = head.length + end - start;
    if (length > keyed.length) keyed = Buffer.concat([head], 2 * length);
    values.copy(keyed, head.length, start, end);
    hashes[i] = first53(hashOf(keyed.subarray(0, length)));
  }
  const limit = hashes.slice().sort()[Math.min(size, rows.length) - 1];
  return [...hashes.keys()]
    .filter((i) => hashes[i] <= limit)
    .sort((a, b) => hashes[a] - hashes[b])
    .slice(0, size)
    .map((i) => rows[i]);
}

/** Rows at these places, the best first, where something was searched for; else as they stand. */
function byScore(rows: Uint32Array, scores: Float32Array | undefined, offset: number, limit: number): number[] {
  if (scores === undefined) return [...rows.subarray(offset, offset + limit)];
  if (offset > MOST_HELD) return ordered(scores, rows, true, offset, limit);
  const best = new Best(offset + limit);
  for (const row of rows) best.offer(0, row, scores[row]);
  return best
    .inOrder()
    .slice(offset)
    .map(({ row }) => row);
}
/** So many of the best are kept apart; for places behind them all are put in order. */
const MOST_HELD = 5000;

/** Rows at these places of an order by value; what has none comes last. */
function ordered(values: Float32Array, rows: Uint32Array, descends: boolean, offset: number, limit: number): number[] {
  const sign = descends ? -1 : 1;
  const keys = Float32Array.from(rows, (row) =>
    Number.isNaN(values[row]) ? Number.POSITIVE_INFINITY : sign * values[row],
  );
  const sorted = keys.slice().sort();
  if (offset >= sorted.length) return [];
  const [low, high] = [sorted[offset], sorted[Math.min(offset + limit, sorted.length) - 1]];
  const near = [...keys.keys()]
    .filter((i) => keys[i] >= low && keys[i] <= high)
    .sort((a, b) => keys[a] - keys[b] || a - b);
  const before = sorted.indexOf(low);
  return near.slice(offset - before, offset - before + limit).map((i) => rows[i]);
}

export const document = endpoint({
  path: 'document',
  about:
    'one document or reject: text, provenance, every decision with value and threshold, what it repeats and what repeats it',
  query: z.object({
    corpus: z.string().optional(),
    id: z.string().describe('its id or URL'),
    whole: z.enum(['0', '1']).default('0').describe('1: the text however long'),
  }),
  async answer({ corpus, id, whole }, root) {
    const table = tableIn(root, corpus);
    const recipe = knownRecipe(table.manifest.recipe, manifestPath(table.dir));
    const marks = readMarks(table.dir);
    const byId = await rowsOfId(table, id);
    const rows = byId.length > 0 ? byId : await rowsAtAddress(table, id);
    if (rows.length === 0)
      throw badInput('UNKNOWN_DOCUMENT', `${table.dir}: no document and no reject with id or URL ${id}`);
    const labels = readLabels(root.dir);
    const found = [];
    for (const number of rows.slice(0, 20)) {
      const explanation = explanationOf(table.row(number), recipe, marks);
      const text = whole === '1' ? explanation.text : cut(explanation.text, MOST_TEXT);
      const own = explanation.said.id;
      const repeatedBy = await rowsThatRepeat(table, own);
      const other = explanation.said.other ?? '';
      const repeats = other === '' ? [] : await rowsOfId(table, other);
      found.push({
        ...explanation,
        ...{ row: number, text, textLength: explanation.text.length, label: labels.get(own)?.label ?? null },
        repeats: repeats.slice(0, 3).map((row) => lineOf(table, row)),
        repeatedBy: repeatedBy.slice(0, 50).map((row) => lineOf(table, row)),
        repeatedByCount: repeatedBy.length,
      });
    }
    return { corpus: root.corpus(corpus).id, found };
  },
});
