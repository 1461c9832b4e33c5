/** A result as a chart, where its first column says what and the others how much: days and numbers as curves, words as bars. */
import type { Kit } from '../view.ts';
import { gauge } from './filters.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
const DAY = /^\d{4}-\d\d-\d\d/;
const [MOST_BARS, MOST_CURVES, MOST_POINTS] = [30, 6, 5000];

export function chartOf(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  kit: Kit,
): HTMLElement | undefined {
  const figures = columns.flatMap(({ type }, i) => (i > 0 && NUMBER.test(type) ? [i] : []));
  if (columns.length < 2 || figures.length === 0 || rows.length < 2 || rows.length > MOST_POINTS) return undefined;
  const firsts = rows.map(([first]) => first);
  const isTime = firsts.every((first) => typeof first === 'string' && DAY.test(first));
  const isNumber = NUMBER.test(columns[0].type) && firsts.every((first) => typeof first === 'number');
  if (isTime || isNumber) {
    const x = firsts.map((first) => (isTime ? Date.parse(first as string) / 1000 : (first as number)));
    if (x.some((at, i) => i > 0 && at <= x[i - 1])) return undefined; // a curve needs its places in order
    return kit.lines({
      title: figures.map((i) => columns[i].name).join(', '),
      x: { name: columns[0].name, isTime },
      series: figures.slice(0, MOST_CURVES).map((i) => ({
        name: columns[i].name,
        x,
        y: rows.map((row) => (typeof row[i] === 'number' ? (row[i] as number) : null)),
      })),
    });
  }
  return columns[0].type === 'VARCHAR' ? bars(columns, rows, figures[0], kit) : undefined;
}

function bars(columns: readonly Column[], rows: readonly (readonly unknown[])[], of: number, kit: Kit) {
  const { el } = kit;
  const values = rows.slice(0, MOST_BARS).map((row) => (typeof row[of] === 'number' ? (row[of] as number) : 0));
  const most = Math.max(...values.map(Math.abs));
  if (most === 0) return undefined;
  return el(
    'figure',
    { class: 'sql-bars facet' },
    el('figcaption', { class: 'quiet' }, columns[of].name),
    el(
      'ul',
      {},
      ...rows
        .slice(0, MOST_BARS)
        .map(([first], i) =>
          el(
            'li',
            {},
            gauge(Math.abs(values[i]) / most, kit),
            el('span', { class: 'word', dir: 'auto' }, first === null ? 'null' : String(first)),
            el('span', { class: 'n' }, kit.figure(values[i])),
          ),
        ),
    ),
  );
}
