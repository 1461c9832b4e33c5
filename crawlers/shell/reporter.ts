/**
 * How a command speaks. Progress goes to stderr: one live line on a terminal, JSON lines otherwise, rarer the longer it
 * takes. Results go to stdout: text, or JSON lines with --json. Long work shows done, rate and ETA. What a terminal would
 * take for a command is shown as `\u{…}`, wherever it comes from.
 */
import { visible } from './errors.ts';

export interface Progress {
  /**
   * `done` units so far; figures are shown behind the rate (`{ kept: 12, loss: '5.31' }`). `below`: lines for a terminal
   * alone, asked for when they are shown.
   */
  update(done: number, figures?: Readonly<Record<string, number | string>>, below?: () => readonly string[]): void;
  /** Ends the line; prints the stage's closing figures and its time. */
  finish(figures?: Readonly<Record<string, number | string>>): void;
}

export interface Reporter {
  readonly json: boolean;
  /** On a terminal: one live line, and those below it. */
  readonly isLive?: boolean;
  /** Of every line of its log, where it has some. */
  readonly labels?: LogLabels;
  /** Whether JSON lines went to stderr: what follows is one too, an error as well. */
  readonly isLogging?: boolean;
  /** Starts a stage. `total` gives an ETA; leave it out when it is not known. `from`: done in an earlier run. */
  stage(name: string, unit: string, total?: number, from?: number): Progress;
  /** A sentence for people on stderr (`{"event":"note"}` when not a terminal). */
  note(text: string): void;
  /**
   * A result on stdout: `text` for people, `value` as one JSON line with --json; `event` says which kind it is.
   * `exact`: another program may want it to the byte; `painted`: it holds colours of ours, and its text is made visible.
   */
  result(
    text: string,
    value: { readonly event: string; readonly [figure: string]: unknown },
    kind?: 'plain' | 'exact' | 'painted',
  ): void;
}

/** What each line of a log says beside its own. */
export interface LogLabels {
  /** Of this process: lines of several runs stand in one log. */
  readonly run: string;
  readonly version: string;
}

export interface ReporterOptions {
  /** Results as JSON lines, and progress too. */
  readonly json: boolean;
  /** Progress as JSON lines, also on a terminal. */
  readonly logJson?: boolean;
  /** Without them lines have no time either: what a test compares. */
  readonly labels?: LogLabels;
}

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const THROTTLE_MS = 100;
/** Between two lines of a stage: a second at first, a tenth of the time that it has taken, a minute at last. */
const pauseMs = (elapsedMs: number): number => Math.min(60_000, Math.max(1000, elapsedMs / 10));

type Level = 'info' | 'error';

/** One line of a log: time, level, run and version, then what happened. */
export function logLine(event: Readonly<Record<string, unknown>>, labels?: LogLabels, level: Level = 'info'): string {
  const head = labels && { time: new Date().toISOString(), level, ...labels };
  return `${jsonText({ ...head, ...event })}\n`;
}

/** JSON that a terminal takes for text: JSON itself leaves DEL, C1 controls and marks of direction as they are. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export function createReporter(
  { json, logJson = json, labels }: ReporterOptions,
  stdout: OutputStream = process.stdout,
  stderr: OutputStream = process.stderr,
): Reporter {
  const live = stderr.isTTY === true && !json && !logJson;
  let isLogging = logJson;
  const emit = (event: Record<string, unknown>): void => {
    isLogging = true;
    stderr.write(logLine(event, labels));
  };
  return {
    json,
    isLive: live,
    labels,
    get isLogging() {
      return isLogging;
    },
    stage: (name, unit, total, from = 0) => startStage({ name, unit, total, from }, live, stderr, emit),
    note(text) {
      if (live) stderr.write(`\r\x1b[J${visible(text)}\n`);
      else emit({ event: 'note', text });
    },
    result(text, value, kind = 'plain') {
      const isRaw = kind === 'painted' || (kind === 'exact' && stdout.isTTY !== true);
      stdout.write(json ? `${jsonText(value)}\n` : `${isRaw ? text : visible(text)}\n`);
    },
  };
}

function startStage(
  { name, unit, total, from }: { name: string; unit: string; total: number | undefined; from: number },
  live: boolean,
  stderr: OutputStream,
  emit: (event: Record<string, unknown>) => void,
): Progress {
  const started = performance.now();
  let shownAt = Number.NEGATIVE_INFINITY;
  let done = from;
  if (!live) emit({ event: 'start', stage: name, unit, total });
  return {
    update(newDone, figures = {}, below = () => []) {
      done = newDone;
      const now = performance.now();
      if (now - shownAt < (live ? THROTTLE_MS : pauseMs(now - started))) return;
      shownAt = now;
      const seconds = (now - started) / 1000;
      const rate = seconds > 0 ? (done - from) / seconds : 0;
      const etaSeconds = total !== undefined && rate > 0 ? Math.max(0, (total - done) / rate) : undefined;
      if (!live) {
        emit({
          event: 'progress',
          stage: name,
          done,
          total,
          unit,
          ratePerSecond: round(rate),
          etaSeconds: etaSeconds && round(etaSeconds),
          ...figures,
        });
        return;
      }
      const share = total ? `${bar(done / total)} ${formatCount(done)}/${formatCount(total)}` : formatCount(done);
      const eta = etaSeconds === undefined ? '' : `  ETA ${formatSeconds(etaSeconds)}`;
      const line = `${name.padEnd(10)} ${share} ${unit}  ${formatCount(rate)}/s${eta}${formatFigures(figures)}`;
      const lines = [line, ...below()].map((each) => visible(each).slice(0, (stderr.columns ?? 100) - 1));
      const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : '';
      stderr.write(`\r\x1b[J${lines.join('\n')}${up}`); // what is written next stands in the place of all of them
    },
    finish(figures = {}) {
      const seconds = (performance.now() - started) / 1000;
      if (live)
        stderr.write(
          `\r\x1b[J${name.padEnd(10)} ${formatCount(done)} ${unit} in ${formatSeconds(seconds)}${visible(formatFigures(figures))}\n`,
        );
      else emit({ event: 'done', stage: name, done, unit, seconds: round(seconds), ...figures });
    },
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const bar = (share: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * 20);
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)}`;
};
const formatFigures = (figures: Readonly<Record<string, number | string>>): string =>
  Object.entries(figures)
    .map(([key, value]) => `  ${key} ${typeof value === 'number' ? formatCount(value) : value}`)
    .join('');

/** In place of what is no number. */
const NOTHING = '–';

/** 1234567 → "1,234,567"; small numbers keep two decimals. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? NOTHING : String(value);
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
}

/** 3725 → "1 h 02 min", 65 → "1 min 05 s", 4.2 → "4.2 s". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
}

/** 1536 → "1.5 kB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (Number.isNaN(bytes)) return NOTHING;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

/** A share from 0 to 1 as a bar of 20 cells at most, to an eighth of one. */
export function formatBar(share: number): string {
  const eighths = Math.round(160 * Math.min(1, Math.max(0, share || 0)));
  const rest = eighths % 8;
  return `${'█'.repeat(Math.floor(eighths / 8))}${rest > 0 ? '▏▎▍▌▋▊▉'[rest - 1] : ''}`.padEnd(20);
}

/** Counts as a line of bars, one cell each, the largest a whole one; nothing is a space, little is never nothing. */
export function formatSparkline(counts: readonly number[]): string {
  const most = counts.reduce((most, count) => Math.max(most, count), 0);
  return counts.map((count) => (count > 0 ? '▁▂▃▄▅▆▇█'[Math.ceil((8 * count) / most) - 1] : ' ')).join('');
}

/** Whether colours reach a person: a terminal, and no NO_COLOR (no-color.org). */
export const hasColour = (): boolean => process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * Rows of two or more cells as an aligned table; the first column is left-aligned, the others right-aligned. What is no
 * number (a mean of nothing) is shown as a dash.
 */
export function formatTable(table: readonly (readonly string[])[]): string {
  const rows = table.map((row) => row.map((cell) => cell.replace(/\bNaN\b/g, NOTHING)));
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
