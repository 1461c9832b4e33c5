/** Scores for people: a table in which every figure has a measurement card, what is to be doubted, a chart over checkpoints. */
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { COLOURS, chartSvg, type Series } from '../record/chart.ts';
import { type Card, cardId, otherwise } from '../tasks/card.ts';
import {
  bitsOf,
  type Difference,
  differenceOf,
  groupsOf,
  isBitEqual,
  isWithinChance,
  type Score,
  scoreOf,
} from '../tasks/figures.ts';
import type { Measurement } from '../tasks/results.ts';
import type { Result } from '../tasks/task.ts';
import { CATEGORIES, categoryOf, SUBJECTS } from '../tasks/vmlu-items.ts';

/** Half of an interval that holds 95 %. */
const INTERVAL = 1.96;
const percent = (share: number): string => (100 * share).toFixed(2);
const nameOf = ({ task, scorer, shots }: Card): string => `${task} ${scorer}${shots > 0 ? `, ${shots} shots` : ''}`;
const isBits = ({ scorer }: Card): boolean => scorer === 'bits-per-byte';

/** One line of the table: of all questions, and without those that stand in the training text. */
export interface ScoreRow {
  readonly card: Card;
  readonly id: string;
  readonly all?: Score;
  readonly clean?: Score;
  readonly seen: number;
  readonly bitsPerByte?: number;
}

export function rowOf({ card, results }: Measurement): ScoreRow {
  const seen = results.filter((one) => one.seen).length;
  const id = cardId(card);
  if (isBits(card)) return { card, id, seen, bitsPerByte: bitsOf(results).bitsPerByte };
  const clean = seen > 0 ? scoreOf(results.filter((one) => !one.seen)) : undefined;
  return { card, id, seen, all: scoreOf(results), clean };
}

export function scoreTable(measured: readonly Measurement[]): string {
  const rows = measured.map(rowOf).map(({ card, id, all, clean, seen, bitsPerByte }) => {
    const head = [nameOf(card), countOf(card.data.items, all)];
    const last = [String(seen), id.slice(0, 8)];
    if (bitsPerByte !== undefined) return [...head, `${bitsPerByte.toFixed(4)} bits`, '', '', '', ...last];
    if (all === undefined) return [...head, 'no answers to compare with', '', '', '', ...last];
    const { byItem, itemError, byGroup, groupError, chance } = all;
    return [
      ...[...head, `${percent(byItem)} ± ${percent(INTERVAL * itemError)}`],
      ...[all.groups > 1 ? `${percent(byGroup)} ± ${percent(INTERVAL * groupError)}` : ''],
      ...[
        chance ? percent(chance.byItem) : '–',
        clean ? percent(clean.byItem) : train(card) ? percent(byItem) : 'not looked for',
      ],
      ...last,
    ];
  });
  return formatTable([
    ['task', 'questions', 'right %', 'mean of groups %', 'chance %', 'clean %', 'seen', 'card'],
    ...rows,
  ]);
}

/** Questions, and how many of them have a value where not all do. */
const countOf = (questions: number, score?: Score): string =>
  score === undefined || score.items === questions
    ? formatCount(questions)
    : `${formatCount(score.items)} of ${formatCount(questions)}`;

const train = ({ train }: Card): boolean => train !== undefined;

/** Figures of each group, best first, with the categories of VMLU above them. */
export function groupTable({ card, results }: Measurement): string {
  const groups = [...groupsOf(results)].map(([group, own]) => [group, own] as const);
  const rows = groups.map(([group, own]) => {
    if (isBits(card)) return [group, `${bitsOf(own).bitsPerByte.toFixed(4)} bits`, formatCount(bitsOf(own).bytes)];
    const score = scoreOf(own);
    return [
      group,
      score ? `${percent(score.byItem)} ± ${percent(INTERVAL * score.itemError)}` : '–',
      countOf(own.length, score),
    ];
  });
  return formatTable([
    [nameOf(card), isBits(card) ? 'per byte' : 'right %', isBits(card) ? 'bytes' : 'questions'],
    ...rows,
  ]);
}

/** VMLU's four categories and its average: the mean over subjects, as the public table has it. */
export function vmluRows({ results }: Pick<Measurement, 'results'>): string[][] {
  const subjects = [...groupsOf(results)].flatMap(([subject, own]) => {
    const score = scoreOf(own);
    return score === undefined ? [] : [{ subject, share: score.byItem }];
  });
  const mean = (list: typeof subjects): number | undefined =>
    list.length === 0 ? undefined : list.reduce((sum, { share }) => sum + share, 0) / list.length;
  const shown = (value: number | undefined): string => (value === undefined ? '–' : percent(value));
  const rows = Object.keys(CATEGORIES).map((category) => [
    category,
    shown(mean(subjects.filter(({ subject }) => categoryOf(subject) === category))),
  ]);
  const of = subjects.length === SUBJECTS ? '' : ` (${subjects.length} of ${SUBJECTS})`;
  return [...rows, [`mean over subjects${of}`, shown(mean(subjects))]];
}

/**
 * What makes a score say nothing: it lies where guesses lie, or two models that differ answered alike to the bit.
 * @param known whatever stands in the folder of scores
 */
export function alarms(measured: readonly Measurement[], known: readonly Measurement[] = []): string[] {
  const said: string[] = [];
  for (const one of measured) {
    const score = isBits(one.card) ? undefined : scoreOf(one.results);
    if (score?.chance && isWithinChance(score)) {
      const { byItem, itemError, byGroup, groupError } = score.chance;
      said.push(
        `${nameOf(one.card)}: within chance: guesses reach ${percent(byItem)} ± ${percent(2 * itemError)} of questions, ${percent(byGroup)} ± ${percent(2 * groupError)} as the mean of groups (2σ)`,
      );
    }
    for (const other of known) {
      const isOther = other.card.model.fingerprint !== one.card.model.fingerprint;
      const isDouble =
        isOther && otherwise(one.card, other.card).length === 0 && isBitEqual(one.results, other.results);
      if (isDouble)
        said.push(
          `${nameOf(one.card)}: every answer of ${modelName(one.card)} is that of ${modelName(other.card)}, whose weights are others: was the right model read?`,
        );
    }
  }
  return [...new Set(said)];
}

const modelName = ({ model: { dir, step } }: Card): string => (step === undefined ? dir : `${dir} at step ${step}`);

/** Two measurements of one kind: the second beside the first, question by question. */
export interface Compared {
  readonly task: string;
  readonly before: ScoreRow;
  readonly after: ScoreRow;
  readonly difference: Difference;
}

export function compared(a: Measurement, b: Measurement): Compared {
  return { task: nameOf(a.card), before: rowOf(a), after: rowOf(b), difference: differenceOf(a.results, b.results) };
}

export function comparedTable(list: readonly Compared[]): string {
  const figure = ({ bitsPerByte, all }: ScoreRow): string =>
    bitsPerByte !== undefined ? bitsPerByte.toFixed(4) : all ? percent(all.byItem) : '–';
  const rows = list.map(({ task, before, after, difference: { difference, standardError } }) => {
    const scale = before.bitsPerByte === undefined ? 100 : 1;
    const digits = scale === 1 ? 4 : 2;
    const seen = Math.abs(difference) > INTERVAL * standardError;
    const sign = difference < 0 ? '−' : '+';
    return [
      task,
      figure(before),
      figure(after),
      `${sign}${(scale * Math.abs(difference)).toFixed(digits)} ± ${(scale * INTERVAL * standardError).toFixed(digits)}`,
      seen ? 'differs' : 'no difference seen',
    ];
  });
  return formatTable([['task', 'first', 'second', 'second − first (95 %, paired)', 'verdict'], ...rows]);
}

/** Right answers over steps, a line for each task; none where fewer than two checkpoints were scored. */
export function scoreChart(known: readonly Measurement[], title: string): string | undefined {
  const lines = new Map<string, { card: Card; points: (readonly [number, number])[]; results: Result[] }>();
  for (const { card, results } of known) {
    if (card.model.step === undefined || isBits(card)) continue;
    const score = scoreOf(results);
    if (!score) continue;
    const key = `${nameOf(card)} ${card.data.hash} ${card.prompt} ${card.data.items} ${card.seed}`;
    const line = lines.get(key) ?? { card, points: [], results: [...results] };
    line.points.push([card.model.step, 100 * score.byItem]);
    lines.set(key, line);
  }
  const series = [...lines.values()]
    .filter(({ points }) => points.length > 1)
    .map(
      ({ card, points }, i): Series => ({
        name: nameOf(card),
        colour: COLOURS[i % COLOURS.length],
        dots: true,
        points: points.toSorted(([a], [b]) => a - b),
      }),
    );
  return series.length > 0 ? chartSvg({ title, xLabel: 'step', yLabel: 'right, %', series }) : undefined;
}
