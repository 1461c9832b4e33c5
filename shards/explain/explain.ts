/** `vua explain`: every decision over one document, from what its shard stores. */
import type { Measurement } from '../../cleaning/document.ts';
import { knownRecipe, type Recipe, type Ruling, rulings } from '../../cleaning/recipe.ts';
import { addressOf } from '../../crawlers/page.ts';
import { badInput, visible } from '../../crawlers/shell/errors.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';

import { type DocumentMark, readMarks } from '../documents/marks.ts';
import { type Row, readColumns } from '../documents/read.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import { formatStatements } from './consent.ts';

export interface Explanation {
  readonly outcome: 'kept' | 'dropped';
  readonly shard: string;
  /** Every text column of the shard but the text itself. */
  readonly said: Readonly<Record<string, string>>;
  readonly text: string;
  /** Of a kept document whose place is not there any more. */
  readonly marks: readonly DocumentMark[];
  readonly measurements?: Readonly<Record<string, number>>;
  /** Of a dropped document: what decided. */
  readonly value?: number;
  readonly threshold?: number;
  /** Every rule of the folder's recipe, as far as the measurements are stored. */
  readonly rules: readonly Ruling[];
}

/**
 * All documents and rejects with this id or URL, in whatever spelling, in the order of the folder.
 * @throws ToolkitError (exit 2) UNKNOWN_DOCUMENT when there is none, UNKNOWN_RECIPE; as readDocuments.
 */
export async function explain(dir: string, wanted: string, signal: AbortSignal): Promise<Explanation[]> {
  const recipe = knownRecipe(readDocumentManifest(dir).recipe, manifestPath(dir));
  const address = addressOf(wanted);
  const isAt = (url: string): boolean => url === wanted || (address !== wanted && addressOf(url) === address);
  const marks = readMarks(dir);
  const found: Explanation[] = [];
  for await (const place of readColumns(dir, { texts: ['id', 'url'], numbers: false }, signal)) {
    if (place.string('id') !== wanted && !isAt(place.string('url'))) continue;
    found.push(explanationOf(place.whole(), recipe, marks));
  }
  if (found.length === 0 && !signal.aborted) {
    throw badInput(
      'UNKNOWN_DOCUMENT',
      `${dir}: no document and no reject with id or URL ${wanted}`,
      'ids and URLs stand in the columns `id` and `url`',
    );
  }
  return found;
}

/** Of one row, with all of its columns. */
export function explanationOf(
  row: Row,
  recipe: Recipe,
  marks: ReadonlyMap<string, readonly DocumentMark[]>,
): Explanation {
  const measurements = row.measurements();
  const names = row.columns.texts.filter((name) => name !== 'text');
  return {
    outcome: row.kind === 'documents' ? 'kept' : 'dropped',
    shard: row.shard,
    said: Object.fromEntries(names.map((name) => [name, row.string(name)])),
    text: row.string('text'),
    marks: row.kind === 'documents' ? (marks.get(row.string('id')) ?? []) : [],
    measurements,
    ...(row.kind === 'rejects' && { value: row.number('value'), threshold: row.number('threshold') }),
    rules: measurements === undefined ? [] : rulings(recipe, measurements),
  };
}

const EXCERPT = 300;
/** As wide as the longest name of a column. */
const FACT = 'paragraph_languages'.length;
const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(3));

/** @param consent rows of the consent table that were changed (`noarchive=unknown`) */
export function formatExplanation(explanation: Explanation, consent: readonly string[] = []): string {
  const { outcome, shard, said, text, marks, value, threshold, measurements, rules } = explanation;
  const verdict =
    outcome === 'kept'
      ? ['kept', ...marks.map(({ mark, run }) => `${mark} since run ${run}`)].join(', ')
      : said.stage === 'version'
        ? said.reason === 'superseded'
          ? supersededBy(said.url, value!)
          : `left: ${said.reason} for ${value} runs`
        : `dropped by ${said.stage}: ${said.reason} (${figure(value!)}, threshold ${figure(threshold!)})${behind(said)}`;
  const facts = Object.entries(said)
    .filter(([name, fact]) => fact !== '' && !['stage', 'reason', 'other'].includes(name))
    .map(([name, fact]) => `${name.padEnd(FACT)} ${fact.replace(/\n/g, '; ')}`);
  const counted = (prefix: string): string[][] =>
    Object.entries(measurements ?? {})
      .filter(([name, times]) => name.startsWith(prefix) && times > 0)
      .map(([name, times]) => [name, figure(times)]);
  const failuresFirst = rules.toSorted((a, b) => Number(a.passes) - Number(b.passes));
  const decisions = failuresFirst.map((rule) => [
    rule.passes ? 'pass' : 'FAIL',
    rule.reason,
    `${rule.measurement} ${figure(rule.value)}`,
    `${rule.needs} ${figure(rule.threshold)}`,
  ]);
  const others = Object.entries(measurements ?? {})
    .filter(
      ([name, measured]) =>
        !Number.isNaN(measured) &&
        !/^(?:repaired|cut|masked)_/.test(name) &&
        !rules.some(({ measurement }) => measurement === (name as Measurement)),
    )
    .map(([name, measured]) => [name, figure(measured)]);
  const parts = [
    `${verdict} (${shard})`,
    facts.join('\n'),
    formatStatements(said, consent),
    section('rules', decisions),
    section('repaired, cut and masked', [...counted('repaired_'), ...counted('cut_'), ...counted('masked_')]),
    section('also measured', others),
    text === '' ? '' : `text\n${text.slice(0, EXCERPT)}${text.length > EXCERPT ? '…' : ''}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** For a terminal: what went wrong stands out. Text of documents may hold anything: it is made visible before. */
export const painted = (text: string): string =>
  visible(text)
    .replace(/^(?:dropped by|left:) .*/, '\x1b[1;31m$&\x1b[0m')
    .replace(/^FAIL\b/gm, '\x1b[1;31mFAIL\x1b[0m');

/** What a rejection names beside its measure: what decided, or what it repeats. */
const behind = ({ stage, other = '' }: Explanation['said']): string =>
  other === '' ? '' : stage === 'consent' ? `, because of "${other}"` : `, repeats ${other}`;

/** A moment is one of the clock, or the number of a run. */
const supersededBy = (url: string, later: number): string =>
  later > 1e9
    ? `superseded by a later fetch of ${url} (${new Date(later).toISOString()})`
    : `superseded by a later run that read ${url} (run ${later})`;

const section = (name: string, rows: string[][]): string => (rows.length === 0 ? '' : `${name}\n${formatTable(rows)}`);
