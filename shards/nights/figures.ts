/** A night in figures: one line of history.jsonl, what gates compare. */
import type { Outcome } from '../../crawlers/shell/work.ts';
import type { CleanSummary } from '../documents/clean-inputs.ts';
import type { Profile, Share, ShareName } from '../documents/profile.ts';

/** Of what a night read anew. */
export interface NightFigures {
  /** Pages and rows read, those known from earlier nights included. */
  readonly pages: number;
  /** Kept and dropped tonight. */
  readonly documents: number;
  readonly rejects: number;
  /** UTF-8 bytes of the kept. */
  readonly bytes: number;
  readonly shares: Readonly<Record<ShareName, Share>>;
  /** The largest. */
  readonly host: { readonly name: string; readonly documents: number };
  readonly hosts: number;
  /** Documents in which a column is not empty. */
  readonly filled: Readonly<Record<string, number>>;
  readonly syllableLength: { readonly mean: number; readonly deviation: number; readonly count: number };
  /** Means of all measurements. */
  readonly means: Readonly<Record<string, number>>;
}

/** @param pages read, those of earlier nights included */
export function figuresOf(profile: Profile, pages: number): NightFigures {
  const { documents, rejects, bytes, shares, hosts, filled, measurements } = profile;
  const largest = [...hosts].sort(([, a], [, b]) => b.documents - a.documents)[0];
  const lengths = measurements.get('mean_syllable_length');
  const { mean = 0, deviation = 0, count = 0 } = lengths ?? {};
  return {
    ...{ pages, documents, rejects, bytes, shares, hosts: hosts.size, filled: Object.fromEntries(filled) },
    host: { name: largest?.[0] ?? '', documents: largest?.[1].documents ?? 0 },
    syllableLength: { mean, deviation, count },
    means: Object.fromEntries([...measurements].map(([name, sketch]) => [name, Number(sketch.mean.toPrecision(6))])),
  };
}

/** Of what a crawl tells. */
interface Crawled {
  readonly pages: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly ending: { readonly requests: number; readonly receivedBytes: number; readonly remaining: number };
}

/** What the crawl did, as history and metrics have it. */
export function crawlFigures({ report }: Outcome<Crawled | undefined>): Record<string, number> {
  if (report === undefined) return {};
  const { pages, waiting, ending } = report;
  const { requests, receivedBytes, remaining } = ending;
  return { ...pages, waiting, requests, receivedBytes, remaining };
}

/** What cleaning did. */
export function cleanFigures({ report }: Outcome<CleanSummary>): Record<string, number> {
  const { pages, skipped, kept, keptBytes, left, dropped } = report;
  const reasons = Object.entries(dropped).flatMap(([stage, counts]) =>
    Object.entries(counts).map(([reason, count]) => [`${stage}/${reason}`, count]),
  );
  return { pages, skipped, kept, keptBytes, left, ...Object.fromEntries(reasons) };
}
