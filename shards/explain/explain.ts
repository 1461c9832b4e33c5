/** `vua explain`: every decision over one document, from what its shard stores. */
import type { Measurement } from '../../cleaning/document.ts';
import { passes } from '../../cleaning/filters/filter.ts';
import { PRESETS, parseChange, TABLE, thresholdsOf } from '../../cleaning/filters/index.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatTable } from '../../crawlers/shell/reporter.ts';
import { type DocumentBatch, type RejectBatch, readDocuments, readRejects } from '../documents/read.ts';
import { readDocumentManifest } from '../manifest.ts';
import { measurementsOf } from './what-if.ts';

export interface Explanation {
  readonly outcome: 'kept' | 'dropped';
  readonly shard: string;
  /** Every text column of the shard but the text itself. */
  readonly said: Readonly<Record<string, string>>;
  readonly text: string;
  readonly measurements?: Readonly<Record<string, number>>;
  /** Of a dropped document: what decided. */
  readonly value?: number;
  readonly threshold?: number;
  /** Every rule of the folder's recipe, as far as the measurements are stored. */
  readonly rules: readonly Rule[];
}

interface Rule {
  readonly reason: string;
  readonly measurement: string;
  readonly value: number;
  readonly needs: 'at least' | 'at most';
  readonly threshold: number;
  readonly passes: boolean;
}

/**
 * All documents and rejects with this id or URL, in the order of the folder.
 * @throws ToolkitError UNKNOWN_DOCUMENT (exit 2) when there is none; as readDocuments.
 */
export async function explain(dir: string, wanted: string, signal: AbortSignal): Promise<Explanation[]> {
  const { preset } = readDocumentManifest(dir);
  const found: Explanation[] = [];
  const look = (batch: DocumentBatch | RejectBatch, outcome: Explanation['outcome']): void => {
    for (let row = 0; row < batch.rows; row++) {
      const string = (column: string): string => batch.string(column as never, row);
      if (string('id') !== wanted && string('url') !== wanted) continue;
      const measurements = measurementsOf(batch)(row);
      const said = Object.fromEntries(
        batch.columns.texts.filter((name) => name !== 'text').map((name) => [name, string(name)]),
      );
      const decided =
        outcome === 'dropped'
          ? {
              value: (batch as RejectBatch).values('value')[row],
              threshold: (batch as RejectBatch).values('threshold')[row],
            }
          : {};
      const rules = measurements === undefined ? [] : rulesFor(preset, measurements);
      found.push({ outcome, shard: batch.shard, said, text: string('text'), measurements, ...decided, rules });
    }
  };
  for await (const batch of readDocuments(dir, signal)) look(batch, 'kept');
  for await (const batch of readRejects(dir, signal)) look(batch, 'dropped');
  if (found.length === 0 && !signal.aborted) {
    throw badInput(
      'UNKNOWN_DOCUMENT',
      `${dir}: no document and no reject with id or URL ${wanted}`,
      'ids and URLs stand in the columns `id` and `url`',
    );
  }
  return found;
}

function rulesFor(recipe: string, measurements: Readonly<Record<string, number>>): Rule[] {
  const [name, ...moved] = recipe.split(' ');
  const preset = PRESETS.find((known) => known === name) ?? 'keep-all';
  const thresholds = thresholdsOf(
    preset,
    moved.filter((part) => !/^(?:personal-data|near)=/.test(part)).map(parseChange),
  );
  return TABLE.flatMap(({ filter }) => {
    const threshold = thresholds.get(filter.reason);
    const value = measurements[filter.measurement];
    if (threshold === undefined || value === undefined) return [];
    const { reason, measurement, needs } = filter;
    return { reason, measurement, value, needs, threshold, passes: passes(filter, value, threshold) };
  });
}

const EXCERPT = 300;
/** As wide as the longest name of a column. */
const FACT = 'paragraph_languages'.length;
const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(3));

export function formatExplanation({
  outcome,
  shard,
  said,
  text,
  value,
  threshold,
  measurements,
  rules,
}: Explanation): string {
  const verdict =
    outcome === 'kept'
      ? 'kept'
      : `dropped by ${said.stage}: ${said.reason} (${figure(value!)}, threshold ${figure(threshold!)})${said.other ? `, repeats ${said.other}` : ''}`;
  const facts = Object.entries(said)
    .filter(([name, fact]) => fact !== '' && !['stage', 'reason', 'other'].includes(name))
    .map(([name, fact]) => `${name.padEnd(FACT)} ${fact.replace(/\n/g, '; ')}`);
  const counted = (prefix: string): string[][] =>
    Object.entries(measurements ?? {})
      .filter(([name, times]) => name.startsWith(prefix) && times > 0)
      .map(([name, times]) => [name, figure(times)]);
  const decisions = rules.map((rule) => [
    rule.passes ? 'pass' : 'FAIL',
    rule.reason,
    `${rule.measurement} ${figure(rule.value)}`,
    `${rule.needs} ${figure(rule.threshold)}`,
  ]);
  const others = Object.entries(measurements ?? {})
    .filter(
      ([name]) =>
        !/^(?:repaired|masked)_/.test(name) && !rules.some(({ measurement }) => measurement === (name as Measurement)),
    )
    .map(([name, measured]) => [name, figure(measured)]);
  const parts = [
    `${verdict} (${shard})`,
    facts.join('\n'),
    section('repaired and masked', [...counted('repaired_'), ...counted('masked_')]),
    section('rules', decisions),
    section('also measured', others),
    text === '' ? '' : `text\n${text.slice(0, EXCERPT)}${text.length > EXCERPT ? '…' : ''}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const section = (name: string, rows: string[][]): string => (rows.length === 0 ? '' : `${name}\n${formatTable(rows)}`);
