/**
 * Recall and precision of personal data, kind by kind: on the lines that were written one by one, and on planted ones.
 *   npm run bench:cleaning -- personal-data
 */
import { fileURLToPath } from 'node:url';
import { maskPersonalData } from '../../../cleaning/pii.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { CLEAN, FIXTURES } from '../../cleaning/personal-data.ts';
import { LOOK_ALIKE_LINES, PLANTED, type PlantedLine } from '../../cleaning/planted.ts';

export interface KindScore {
  readonly kind: string;
  readonly expected: number;
  readonly found: number;
  readonly right: number;
  readonly recall: number;
  readonly precision: number;
  /** Lines to look at. */
  readonly faults: readonly string[];
}

interface Lines {
  readonly name: string;
  readonly marked: readonly PlantedLine[];
  readonly clean: readonly string[];
}

export const WRITTEN_LINES: Lines = { name: 'written one by one', marked: FIXTURES, clean: CLEAN };
export const PLANTED_LINES: Lines = { name: 'planted', marked: PLANTED, clean: LOOK_ALIKE_LINES };

export function personalDataScores({ marked, clean }: Lines): KindScore[] {
  const scores = new Map<string, { expected: number; found: number; right: number; faults: string[] }>();
  const of = (kind: string) => {
    const score = scores.get(kind) ?? { expected: 0, found: 0, right: 0, faults: [] };
    scores.set(kind, score);
    return score;
  };
  const lines = [...marked, ...clean.map((text) => ({ text, expected: [] }))];
  for (const { text, expected } of lines) {
    const left = expected.map(({ kind, found }) => `${kind}:${found}`);
    for (const each of expected) of(each.kind).expected++;
    maskPersonalData(text, 'strict', (kind, found) => {
      const score = of(kind);
      score.found++;
      const at = left.indexOf(`${kind}:${found}`);
      if (at < 0) score.faults.push(`wrong: ${found} in ${text}`);
      else {
        score.right++;
        left.splice(at, 1);
      }
    });
    for (const missed of left) of(missed.split(':')[0]).faults.push(`missed: ${missed} in ${text}`);
  }
  return [...scores].map(([kind, score]) => ({
    kind,
    ...score,
    recall: score.expected === 0 ? 1 : score.right / score.expected,
    precision: score.found === 0 ? 1 : score.right / score.found,
  }));
}

export function personalDataBench(): void {
  for (const lines of [WRITTEN_LINES, PLANTED_LINES]) {
    const scores = personalDataScores(lines);
    const rows = scores.map(({ kind, expected, recall, precision }) => [
      kind,
      ...[String(expected), recall.toFixed(3), precision.toFixed(3)],
    ]);
    const { name, marked, clean } = lines;
    process.stdout.write(`personal data, ${name}: ${marked.length} lines with and ${clean.length} without\n`);
    process.stdout.write(`${formatTable([['kind', 'pieces', 'recall', 'precision'], ...rows])}\n`);
    for (const { faults } of scores) for (const fault of faults) process.stdout.write(`${fault}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) personalDataBench();
