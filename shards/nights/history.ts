/** `OUT/history.jsonl`: a line for each night, and for each that was accepted or rejected after a gate held it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendToFile } from '../../crawlers/shell/folder.ts';
import type { NightFigures } from './figures.ts';
import type { Finding } from './gates.ts';
import type { StationName } from './settings.ts';

/** What a station did, in numbers; `seconds` always. */
export type StationFigures = Readonly<Record<string, number>>;

export interface NightLine {
  readonly event: 'night';
  /** When it began: ISO 8601, UTC. */
  readonly time: string;
  /** As in every line of its log. */
  readonly run: string;
  readonly version: string;
  readonly seconds: number;
  /** Exit status. */
  readonly status: number;
  readonly stations: Readonly<Partial<Record<StationName, StationFigures>>>;
  /** Of what it read anew, where it came as far as the gates. */
  readonly figures?: NightFigures;
  readonly gates?: readonly Finding[];
  /** A gate held its documents back. */
  readonly isHeld?: boolean;
  /** Held-out bits per byte of the model in force. */
  readonly bitsPerByte?: number;
  /** Files that were read back, and how many of them were damaged. */
  readonly verified?: { readonly files: number; readonly bytes: number; readonly faults: number };
  readonly error?: { readonly code: string; readonly message: string };
}

/** What came of a night that was held. */
export interface VerdictLine {
  readonly event: 'accepted' | 'rejected';
  readonly time: string;
  /** Of the night. */
  readonly run: string;
}

export type HistoryLine = NightLine | VerdictLine;

const historyPath = (out: string): string => join(out, 'history.jsonl');

/** @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
export const writeHistory = (out: string, line: HistoryLine): void =>
  appendToFile(historyPath(out), `${JSON.stringify(line)}\n`);

/** Oldest first. Lines that a power cut tore are passed over. */
export function readHistory(out: string): HistoryLine[] {
  const path = historyPath(out);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text): HistoryLine[] => {
      try {
        return [JSON.parse(text)];
      } catch {
        return [];
      }
    });
}

/** Nights alone. */
export const nightsOf = (lines: readonly HistoryLine[]): NightLine[] => lines.filter((line) => line.event === 'night');

/** Nights that gates compare with: of what was read anew and is published. */
export function publishedNights(lines: readonly HistoryLine[]): NightFigures[] {
  const accepted = new Set(lines.flatMap(({ event, run }) => (event === 'accepted' ? [run] : [])));
  return nightsOf(lines).flatMap(({ figures, isHeld, run }) =>
    figures !== undefined && (!isHeld || accepted.has(run)) ? [figures] : [],
  );
}
