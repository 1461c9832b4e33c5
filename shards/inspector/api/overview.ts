/** A snapshot at a glance: what came in, what dropped it, what is left, and how that is distributed. */
import { z } from 'zod';
import { MEASUREMENTS, STAGES } from '../../../cleaning/document.ts';
import { formatRecipe } from '../../../cleaning/recipe.ts';
import { tokenStats } from '../../stats.ts';
import { type Histogram, histogramOf } from '../bins.ts';
import { FACETS, type Filter, filterQuery, select } from '../filter.ts';
import { type Table, tableOf } from '../table.ts';
import { type Corpus, endpoint, type Root } from '../view.ts';
import { facetOf } from '../words.ts';

/** Words of a facet that an answer names; the others are counted together. */
const MOST_WORDS = 60;

export interface FacetWord {
  readonly word: string;
  readonly documents: number;
  /** UTF-8 of their texts, as far as they were measured. */
  readonly bytes: number;
}

interface FacetCounts {
  /** Most documents first; days in their order. */
  readonly words: readonly FacetWord[];
  readonly others: { readonly words: number; readonly documents: number };
}

/** A corpus without its places on the disk. */
export const factsOf = ({ id, name, record, isCurrent, tokens, tokenizer }: Corpus) => ({
  ...{ id, name, isCurrent, published: record?.published ?? null, model: record?.model?.name ?? null },
  hasTokens: tokens !== undefined,
  hasTokenizer: tokenizer !== undefined,
});

export const corpora = endpoint({
  path: 'corpora',
  about: 'the snapshots and folders that there are, the current one first',
  query: z.object({}),
  answer: async (_, root) => ({ dir: root.dir, corpora: root.corpora().map(factsOf) }),
});

export const overview = endpoint({
  path: 'overview',
  about:
    'documents, bytes and tokens; what dropped the others, by station and reason; of a filter, counts by each facet',
  query: filterQuery,
  async answer(filter, root) {
    const corpus = root.corpus(filter.corpus);
    const table = tableOf(corpus);
    const { manifest } = table;
    const shards = [...manifest.documents, ...manifest.rejects];
    const sum = (of: typeof shards, value: (shard: (typeof shards)[number]) => number): number =>
      of.reduce((total, shard) => total + value(shard), 0);
    return {
      corpus: factsOf(corpus),
      recipe: formatRecipe(manifest.recipe),
      pages: table.rows,
      kept: table.kept,
      dropped: table.rows - table.kept,
      textBytes: sum(manifest.documents, ({ textBytes }) => textBytes),
      fileBytes: sum(shards, ({ bytes }) => bytes),
      flow: await flowOf(table),
      tokens: corpus.tokens === undefined ? null : await tokenStats(corpus.tokens).catch(() => null),
      selection: await facetsOf(table, filter),
    };
  },
});

/** Stations in their order, each with what it dropped, most first. */
async function flowOf(table: Table) {
  const [stages, reasons] = await Promise.all([facetOf(table, 'stage'), facetOf(table, 'reason')]);
  const counts = new Map<string, Map<string, number>>();
  for (let row = table.kept; row < table.rows; row++) {
    const [stage, reason] = [stages.words[stages.codes[row]], reasons.words[reasons.codes[row]]];
    const of = counts.get(stage) ?? new Map<string, number>();
    counts.set(stage, of.set(reason, (of.get(reason) ?? 0) + 1));
  }
  const order = [...STAGES, ...[...counts.keys()].filter((stage) => !(STAGES as readonly string[]).includes(stage))];
  return order.flatMap((stage) => {
    const of = [...(counts.get(stage) ?? [])].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const dropped = of.reduce((total, [, documents]) => total + documents, 0);
    return dropped === 0 ? [] : [{ stage, dropped, reasons: of.map(([reason, documents]) => ({ reason, documents })) }];
  });
}

async function facetsOf(table: Table, filter: Filter) {
  const { rows, isPartial } = await select(table, filter);
  const [bytes, syllables] = [await table.numbers('bytes'), await table.numbers('syllables')];
  let [textBytes, textSyllables] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    textBytes += bytes[rows[i]] || 0;
    textSyllables += syllables[rows[i]] || 0;
  }
  const facets: Record<string, FacetCounts> = {};
  for (const facet of FACETS) {
    const { codes, words } = await facetOf(table, facet);
    const [documents, size] = [new Uint32Array(words.length), new Float64Array(words.length)];
    for (let i = 0; i < rows.length; i++) {
      const code = codes[rows[i]];
      documents[code]++;
      size[code] += bytes[rows[i]] || 0;
    }
    const counts = words.map((word, code) => ({ word, documents: documents[code], bytes: size[code] }));
    const there = counts.filter(({ documents }) => documents > 0);
    if (there.length === 0 || (there.length === 1 && there[0].word === '')) continue;
    const byCount = there.sort((a, b) => b.documents - a.documents || (a.word < b.word ? -1 : 1));
    const shown = byCount.slice(0, MOST_WORDS);
    const rest = byCount.slice(MOST_WORDS);
    if (facet === 'day') shown.sort((a, b) => (a.word < b.word ? -1 : 1));
    facets[facet] = {
      words: shown,
      others: { words: rest.length, documents: rest.reduce((total, { documents }) => total + documents, 0) },
    };
  }
  return { rows: rows.length, isPartial, textBytes, syllables: textSyllables, facets };
}

export const histograms = endpoint({
  path: 'histograms',
  about: 'how measurements are distributed in a selection, beside the whole folder; bins hold their lower edge',
  query: filterQuery.extend({
    names: z.array(z.string()).default([]).describe('measurements; all by default'),
  }),
  async answer({ names, ...filter }, root): Promise<{ histograms: Histogram[] }> {
    const table = tableOf(root.corpus(filter.corpus));
    const { rows } = await select(table, filter);
    const range = filter.kind === 'documents' ? ([0, table.kept] as const) : ([table.kept, table.rows] as const);
    const made: Histogram[] = [];
    for (const name of MEASUREMENTS) {
      if (names.length > 0 && !names.includes(name)) continue;
      made.push(histogramOf(table, name, await table.numbers(name), range, rows));
    }
    return { histograms: made };
  },
});

/** The table of a corpus, for endpoints of documents. */
export const tableIn = (root: Root, corpus: string | undefined): Table => tableOf(root.corpus(corpus));
