/** What the next night will do, from the last ones: `vua run --dry-run`. Reads, and writes nothing. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatBytes, formatCount, formatSeconds, formatTable } from '../../crawlers/shell/reporter.ts';
import { median, NIGHTS } from './gates.ts';
import { type NightLine, nightsOf, readHistory } from './history.ts';
import { type NightSettings, STATIONS, type StationName } from './settings.ts';

export interface Prediction {
  /** Nights that it is from. */
  readonly nights: number;
  /** Pages that the crawl will fetch, and no more than this. */
  readonly pages?: number;
  readonly maxPages?: number;
  /** Received by the crawl. */
  readonly bytes?: number;
  /** Text of new documents. */
  readonly textBytes?: number;
  readonly documents?: number;
  /** By station; those that no night had are not in it. */
  readonly seconds: Readonly<Partial<Record<StationName, number>>>;
  /** Of all stations; none before the first night. */
  readonly minutes?: number;
  readonly inputs: readonly { readonly input: string; readonly bytes: number }[];
}

/** Medians of the nights that did something. */
export function predict(settings: NightSettings, nights: readonly NightLine[]): Prediction {
  const done = nights.filter(({ status }) => status !== NOTHING_NEW && status !== 2).slice(-NIGHTS);
  const usual = (of: (night: NightLine) => number | undefined): number | undefined =>
    median(done.flatMap((night) => of(night) ?? []));
  const last = STATIONS.indexOf(settings.until);
  const isSeeded = settings.sample || settings.crawlPreset !== undefined || (settings.seed ?? []).length > 0;
  const hasCrawl = isSeeded || existsSync(join(settings.out, 'crawl'));
  const stations = STATIONS.slice(0, last + 1).filter(
    (name) => (name !== 'crawl' || hasCrawl) && (name !== 'model' || settings.model !== 'never'),
  );
  const seconds = Object.fromEntries(
    stations.flatMap((name) => {
      const taken = usual((night) => night.stations[name]?.seconds);
      return taken === undefined ? [] : [[name, taken]];
    }),
  );
  const { maxPages = 10_000 } = settings;
  const fetched = usual(({ stations: { crawl } }) => crawl?.fetched);
  const minutes = Object.values(seconds).reduce((sum, taken) => sum + taken, 0) / 60;
  return {
    nights: done.length,
    ...(hasCrawl && { maxPages, pages: fetched && Math.min(maxPages, fetched) }),
    bytes: hasCrawl ? usual(({ stations: { crawl } }) => crawl?.receivedBytes) : undefined,
    textBytes: usual(({ figures }) => figures?.bytes),
    documents: usual(({ figures }) => figures?.documents),
    seconds,
    minutes: done.length > 0 ? minutes : undefined,
    inputs: settings.input.map((input) => ({ input, bytes: bytesOf(input) })),
  };
}

function bytesOf(input: string): number {
  const found = statSync(input, { throwIfNoEntry: false });
  if (found === undefined) throw badInput('BAD_INPUT', `${input}: no such file or folder`);
  return found.isFile() ? found.size : Number.NaN; // a folder is not walked
}

/** The prediction of the folder's history, for people and as data. */
export function predictRun(settings: NightSettings): { readonly text: string; readonly prediction: Prediction } {
  const prediction = predict(settings, nightsOf(readHistory(settings.out)));
  return { text: predictionText(settings, prediction), prediction };
}

function predictionText({ out, until }: NightSettings, prediction: Prediction): string {
  const { nights, pages, maxPages, bytes, textBytes, documents, seconds, minutes, inputs } = prediction;
  const rows = [
    ...(maxPages === undefined ? [] : [['pages to fetch, at most', formatCount(maxPages)]]),
    ...(pages === undefined ? [] : [['pages to fetch', formatCount(pages)]]),
    ...(bytes === undefined ? [] : [['received', formatBytes(bytes)]]),
    ...(documents === undefined ? [] : [['new documents', formatCount(documents)]]),
    ...(textBytes === undefined ? [] : [['their text', formatBytes(textBytes)]]),
    ...inputs.map(({ input, bytes: size }) => [`  ${input}`, Number.isNaN(size) ? 'folder' : formatBytes(size)]),
    ...Object.entries(seconds).map(([name, taken]) => [`  ${name}`, formatSeconds(taken)]),
    ...(minutes === undefined ? [] : [['time', formatSeconds(minutes * 60)]]),
  ];
  const from =
    nights === 0 ? 'no night before it: bounds alone' : `as the last ${nights === 1 ? 'night' : `${nights} nights`}`;
  return `${out}: dry run to ${until}, nothing is written; ${from}\n\n${formatTable(rows)}`;
}
