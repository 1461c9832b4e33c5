/**
 * What a night has to be like before it is published: a pure function of its figures and of those of the nights before.
 *
 *   median of the last 7 published nights ── how far tonight may be from it (`allows`) ──▶ limit ◀── figure of tonight
 *   first night: `first`, a limit of its own
 *
 * A share of few pages is held against its limit by what is sure of it: the lower end of its interval (Wilson 1927, two
 * standard errors); of fewer than ten it says nothing.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { NightFigures } from './figures.ts';

/** Nights that a median is of. */
export const NIGHTS = 7;

/** A figure with what is sure of it. */
interface Estimate {
  readonly value: number;
  /** Two standard errors to either side. */
  readonly low: number;
  readonly high: number;
  /** What it is of, for people: `12 of 200 pages`. */
  readonly of: string;
}

export interface Gate {
  readonly name: string;
  /** What is measured, for people. */
  readonly measurement: string;
  /** `undefined`: tonight says nothing of it. */
  readonly estimate: (night: NightFigures, before: readonly NightFigures[]) => Estimate | undefined;
  /** Which side of the limit is bad. */
  readonly bad: 'above' | 'below' | 'apart';
  /** Whether `allows` is a share of the median, or is added to it. */
  readonly isRelative: boolean;
  /** Default threshold: how far from the median is still allowed. */
  readonly allows: number;
  /** Limit of the first night; none: whatever it is. */
  readonly first?: number;
}

/** Standard errors. */
const Z = 2;
/** Pages that a share is of, at least. */
const FEWEST = 10;

/** Wilson's interval of a share. */
function shareOf(count: number, of: number, what: string): Estimate | undefined {
  if (of < FEWEST) return undefined;
  const value = count / of;
  const middle = value + (Z * Z) / (2 * of);
  const reach = Z * Math.sqrt((value * (1 - value)) / of + (Z * Z) / (4 * of * of));
  const scale = 1 + (Z * Z) / of;
  return { value, low: (middle - reach) / scale, high: (middle + reach) / scale, of: `${count} of ${of} ${what}` };
}

const exactly = (value: number, of: string): Estimate => ({ value, low: value, high: value, of });

// biome-ignore format: a table
export const GATES: readonly Gate[] = [
  { name: 'rows',         measurement: 'pages and rows read, those of earlier nights included',
    estimate: ({ pages }) => exactly(pages, 'pages'),                                         bad: 'below', isRelative: true,  allows: 0.5, first: 1 },
  { name: 'language',     measurement: 'share of new pages in another language',
    estimate: ({ shares }) => of(shares.other_language, 'pages'),                             bad: 'above', isRelative: false, allows: 0.2, first: 0.75 },
  { name: 'diacritics',   measurement: 'share of new Vietnamese pages typed without diacritics',
    estimate: ({ shares }) => of(shares.without_diacritics, 'pages'),                         bad: 'above', isRelative: false, allows: 0.15, first: 0.5 },
  { name: 'host',         measurement: 'share of the new documents that the largest host has',
    estimate: ({ host, documents }) => shareOf(host.documents, documents, `documents are of ${host.name}`), bad: 'above', isRelative: false, allows: 0.3 },
  { name: 'duplicates',   measurement: 'share of new pages that are exact or near duplicates',
    estimate: ({ shares }) => of(shares.duplicates, 'pages'),                                 bad: 'above', isRelative: false, allows: 0.2, first: 0.8 },
  { name: 'empty',        measurement: 'share of new pages without text',
    estimate: ({ shares }) => of(shares.empty, 'pages'),                                      bad: 'above', isRelative: false, allows: 0.15, first: 0.5 },
  { name: 'syllables',    measurement: 'letters per syllable, mean of the new documents',
    estimate: ({ syllableLength: { mean, deviation, count } }) => count < FEWEST ? undefined
      : { ...around(mean, deviation / Math.sqrt(count)), of: `in ${count} documents` },       bad: 'apart', isRelative: true,  allows: 0.1 },
  { name: 'replacement',  measurement: 'share of new texts that hold U+FFFD',
    estimate: ({ shares }) => of(shares.replacement_characters, 'texts'),                     bad: 'above', isRelative: false, allows: 0.1, first: 0.3 },
  { name: 'schema',       measurement: 'share of the new documents that fill a column, least beside its median',
    estimate: emptiest,                                                                       bad: 'below', isRelative: false, allows: 0.5 },
  { name: 'contamination', measurement: 'share of the new documents that hold a benchmark item',
    estimate: ({ shares }) => of(shares.contaminated, 'documents'),                           bad: 'above', isRelative: false, allows: 0.05, first: 0.2 },
];

function of({ count, of: all }: { readonly count: number; readonly of: number }, what: string) {
  return shareOf(count, all, what);
}

const around = (value: number, error: number) => ({ value, low: value - Z * error, high: value + Z * error });

/** The column that lost most beside its median, as 1 − what it lost: the median of that is 1. */
function emptiest({ filled, documents }: NightFigures, before: readonly NightFigures[]): Estimate | undefined {
  const columns = new Set(before.flatMap((night) => Object.keys(night.filled)));
  let worst: Estimate | undefined;
  for (const column of columns) {
    const usual = median(
      before.flatMap((night) => (night.documents ? [(night.filled[column] ?? 0) / night.documents] : [])),
    );
    const share = shareOf(filled[column] ?? 0, documents, `documents have ${column}`);
    if (share === undefined || usual === undefined) continue;
    const kept = {
      value: 1 - usual + share.value,
      low: 1 - usual + share.low,
      high: 1 - usual + share.high,
      of: share.of,
    };
    if (worst === undefined || kept.high < worst.high) worst = kept;
  }
  return worst;
}

/** What a gate found. */
export interface Finding {
  readonly gate: string;
  readonly measurement: string;
  /** Of tonight. */
  readonly value: number;
  /** Of the nights before; none on the first. */
  readonly median?: number;
  readonly nights: number;
  /** On the wrong side of it when `passes` is false. */
  readonly limit: number;
  readonly passes: boolean;
  /** `180 of 200 pages`. */
  readonly of: string;
}

/** Thresholds moved from where the table has them: `allows` by name, or `first`; no number: the gate is open. */
export type Moved = ReadonlyMap<
  string,
  { readonly allows?: number; readonly first?: number; readonly isOff?: boolean }
>;

/**
 * Every gate that has something to say.
 * @param before published nights with new pages, the last one last: the last `NIGHTS` count
 */
export function findings(tonight: NightFigures, before: readonly NightFigures[], moved: Moved = new Map()): Finding[] {
  const nights = before.slice(-NIGHTS);
  return GATES.flatMap((gate) => {
    const said = moved.get(gate.name);
    const found = said?.isOff ? undefined : gate.estimate(tonight, nights);
    return found === undefined ? [] : judge({ ...gate, ...said }, found, nights);
  });
}

function judge(gate: Gate, { value, low, high, of: basis }: Estimate, nights: readonly NightFigures[]): Finding[] {
  const { name, measurement, bad, isRelative, allows, first } = gate;
  const told = { gate: name, measurement, value, nights: nights.length, of: basis };
  const usual = median(usualOf(gate, nights));
  if (usual === undefined) {
    if (first === undefined) return [];
    return [{ ...told, limit: first, passes: bad === 'above' ? low <= first : high >= first }];
  }
  const reach = isRelative ? allows * usual : allows;
  const [least, most] = [usual - reach, usual + reach];
  const isAbove = bad !== 'below' && low > most;
  const isBelow = bad !== 'above' && high < least;
  const limit = bad === 'above' || (bad === 'apart' && value >= usual) ? most : least;
  return [{ ...told, median: usual, limit, passes: !isAbove && !isBelow }];
}

/** The gate's figure of each night before. */
const usualOf = (gate: Gate, nights: readonly NightFigures[]): number[] =>
  nights.flatMap((night) => gate.estimate(night, nights)?.value ?? []);

export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * `language=0.4`, `language.first=0.9`, `schema=off`.
 * @throws ToolkitError BAD_THRESHOLD (exit 2) naming what is allowed.
 */
export function parseGates(texts: readonly string[]): Moved {
  const moved = new Map<string, { allows?: number; first?: number; isOff?: boolean }>();
  for (const text of texts) {
    const [, name = '', first, figure = ''] = /^([a-z]+)(\.first)?=(off|\d*\.?\d+)$/.exec(text) ?? [];
    if (!GATES.some((gate) => gate.name === name) || (first && figure === 'off')) {
      const names = GATES.map((gate) => gate.name).join(', ');
      throw badInput(
        'BAD_THRESHOLD',
        `${text}: expected NAME=NUMBER, NAME.first=NUMBER or NAME=off with one of ${names}`,
        'vua run --gate language=0.4',
      );
    }
    const said = figure === 'off' ? { isOff: true } : first ? { first: Number(figure) } : { allows: Number(figure) };
    moved.set(name, { ...moved.get(name), ...said });
  }
  return moved;
}

/** `language: 0.84 (180 of 214 pages), at most 0.31; median of 7 nights 0.06`. */
export function formatFinding({ gate, value, of: basis, limit, median: usual, nights }: Finding): string {
  const bound = value > limit ? 'at most' : 'at least';
  const since =
    usual === undefined ? 'first night' : `median of ${nights} ${nights === 1 ? 'night' : 'nights'} ${round(usual)}`;
  return `${gate}: ${round(value)} (${basis}), ${bound} ${round(limit)}; ${since}`;
}

const round = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
