/** What those around a night know of its settings; the rest is its stations'. */

/** Stations in their order, as `--until` has them. */
export const STATIONS = ['crawl', 'clean', 'tokenizer', 'tokens', 'model'] as const;
export type StationName = (typeof STATIONS)[number];

export interface NightSettings {
  readonly out: string;
  readonly until: StationName;
  readonly sample: boolean;
  readonly input: readonly string[];
  readonly seed?: readonly string[];
  readonly crawlPreset?: string;
  readonly maxPages?: number;
  readonly model: string;
  readonly gate: readonly string[];
  /** Minutes. */
  readonly wait: number;
  readonly metricsFile?: string;
  readonly metricsPort?: number;
  readonly onFailure?: readonly string[];
  readonly nothingNewStatus: number;
}
