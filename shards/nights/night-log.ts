/** What happens in a night, as it happens: for its line in the history, for whoever asks for metrics meanwhile. */
import { randomBytes } from 'node:crypto';
import type { Reporter } from '../../crawlers/shell/reporter.ts';
import type { NightFigures } from './figures.ts';
import type { Finding } from './gates.ts';
import type { NightLine, StationFigures } from './history.ts';
import type { StationName } from './settings.ts';

export class NightLog {
  readonly begun = new Date();
  readonly run: string;
  readonly version: string;
  readonly stations: Partial<Record<StationName, StationFigures>> = {};
  /** What progress says now, by stage: `train` 120 of 500 steps. */
  readonly progress = new Map<string, { readonly done: number; readonly unit: string; readonly total?: number }>();
  /** At work now. */
  station: StationName | undefined;
  figures: NightFigures | undefined;
  gates: readonly Finding[] | undefined;
  isHeld = false;
  bitsPerByte: number | undefined;
  verified: NightLine['verified'];

  constructor({ labels }: Reporter) {
    this.run = labels?.run ?? randomBytes(4).toString('hex');
    this.version = labels?.version ?? 'unknown';
  }

  get seconds(): number {
    return (Date.now() - this.begun.getTime()) / 1000;
  }

  /** Runs a station; `figuresOf` tells of its outcome in numbers. */
  async timed<T>(
    station: StationName,
    work: () => Promise<T>,
    figuresOf: (done: T) => StationFigures = () => ({}),
  ): Promise<T> {
    const started = performance.now();
    this.station = station;
    const done = await work();
    this.station = undefined;
    const seconds = Math.round(performance.now() - started) / 1000;
    this.stations[station] = { seconds, ...figuresOf(done) };
    return done;
  }

  /** The model in force, and what was refused beside it: the last gate of a night. */
  judgeModel(
    bitsPerByte: number | undefined,
    refused?: { readonly bitsPerByte: number; readonly before?: number; readonly tolerance: number },
  ): void {
    this.bitsPerByte = bitsPerByte;
    if (refused?.before === undefined) return;
    const { bitsPerByte: value, before, tolerance } = refused;
    const finding: Finding = {
      ...{ gate: 'bits_per_byte', measurement: 'held-out bits per byte of the new model', value, median: before },
      ...{ nights: 1, limit: before * (1 + tolerance), passes: false, of: 'the model in force on the same text' },
    };
    this.gates = [...(this.gates ?? []), finding];
  }

  /** The same reporter, whose progress is heard here too. */
  listening(report: Reporter): Reporter {
    return {
      ...report,
      stage: (name, unit, total, from) => {
        const progress = report.stage(name, unit, total, from);
        return {
          update: (done, figures) => {
            this.progress.set(name, { done, unit, total });
            progress.update(done, figures);
          },
          finish: (figures) => progress.finish(figures),
        };
      },
    };
  }

  line(status: number, error?: NightLine['error']): NightLine {
    const { begun, run, version, stations, figures, gates, bitsPerByte, verified } = this;
    return {
      ...{ event: 'night', time: begun.toISOString(), run, version, seconds: Math.round(this.seconds * 10) / 10 },
      ...{ status, stations, figures, gates, bitsPerByte, verified, error },
      ...(this.isHeld && { isHeld: true }),
    };
  }
}
