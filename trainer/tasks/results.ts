/** Results on disk: a file for each task and model, its measurement card first, a line for each question. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { appendToFile, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { type Card, cardId } from './card.ts';
import type { Result } from './task.ts';

/** What a model did in a task. Without its card there is none. */
export interface Measurement {
  readonly card: Card;
  readonly results: readonly Result[];
}

const ENDING = '.jsonl';

export const measurementPath = (dir: string, card: Card): string => {
  const step = card.model.step === undefined ? '' : `-step-${String(card.model.step).padStart(6, '0')}`;
  return join(dir, `${card.task}-${card.scorer}${step}-${cardId(card).slice(0, 8)}${ENDING}`);
};

/** A file that grows: a call that was stopped goes on behind its last whole line. */
export class Results {
  readonly path: string;
  /** Of earlier calls. */
  readonly known: readonly Result[];
  #waiting = '';
  #flushed = performance.now();

  constructor(dir: string, card: Card) {
    this.path = measurementPath(dir, card);
    const before = existsSync(this.path) ? readMeasurement(this.path) : undefined;
    this.known = before && cardId(before.card) === cardId(card) ? before.results : [];
    // Anew, without what was cut at its end, and with the versions of today.
    writeFileAtomic(this.path, [card, ...this.known].map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  add(result: Result): void {
    this.#waiting += `${JSON.stringify(result)}\n`;
    if (performance.now() - this.#flushed > 1000) this.flush();
  }

  flush(): void {
    if (this.#waiting !== '') appendToFile(this.path, this.#waiting);
    this.#waiting = '';
    this.#flushed = performance.now();
  }
}

/** None where the file has no card. The last line may be cut off. */
export function readMeasurement(path: string): Measurement | undefined {
  const values: unknown[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    try {
      if (line !== '') values.push(JSON.parse(line));
    } catch {
      break;
    }
  }
  const [card, ...results] = values as [Card | undefined, ...Result[]];
  return card?.format === 'vua-score' ? { card, results } : undefined;
}

/** All in a folder that are whole. */
export function measurementsIn(dir: string): Measurement[] {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(ENDING)) : [];
  const read = names.sort().map((name) => readMeasurement(join(dir, basename(name))));
  return read.filter((one): one is Measurement => one !== undefined && one.results.length === one.card.data.items);
}
