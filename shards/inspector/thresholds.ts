/**
 * What other thresholds would change, over whole columns: as `explain/what-if.ts` judges, a rule at a time, with no object
 * for a row. Of a table it keeps how many rules each row fails, one byte a row.
 */
import { type Recipe, type Rule, rulesOf } from '../../cleaning/recipe.ts';
import type { Table } from './table.ts';
import { facetOf } from './words.ts';

/** Whether a row passes a rule; `undefined` where it was not measured, or is not asked. */
export async function passing(table: Table, rule: Rule): Promise<(row: number) => boolean | undefined> {
  const values = await table.numbers(rule.measurement);
  const measured = await table.numbers('dup_line_frac');
  const syllables = await table.numbers('syllables');
  const limit = Math.fround(rule.threshold);
  const isLeast = rule.needs === 'at least';
  const from = rule.from ?? 0;
  return (row) => {
    const value = values[row];
    if (Number.isNaN(measured[row]) || Number.isNaN(value) || syllables[row] < from) return undefined;
    return isLeast ? value >= limit : value <= limit;
  };
}

export interface Change {
  /** Kept now that would be dropped, and dropped by a rule now that would pass. */
  readonly lost: Uint32Array;
  readonly gained: Uint32Array;
  readonly lostBytes: number;
  readonly gainedBytes: number;
  /** By the rule that drops them then; by the one that drops them now. */
  readonly lostBy: Readonly<Record<string, number>>;
  readonly gainedBy: Readonly<Record<string, number>>;
  readonly unmeasured: number;
}

const failures = new WeakMap<Table, Map<string, Promise<Uint8Array>>>();

/** How many rules of a recipe each row fails. */
function failuresOf(table: Table, recipe: Recipe): Promise<Uint8Array> {
  const known = failures.get(table) ?? new Map<string, Promise<Uint8Array>>();
  failures.set(table, known);
  const key = JSON.stringify(recipe);
  const made = known.get(key) ?? countFailures(table, recipe);
  known.set(key, made);
  return made;
}

async function countFailures(table: Table, recipe: Recipe): Promise<Uint8Array> {
  const counts = new Uint8Array(table.rows);
  for (const rule of rulesOf(recipe)) {
    const passes = await passing(table, rule);
    for (let row = 0; row < table.rows; row++) if (passes(row) === false) counts[row]++;
  }
  return counts;
}

/** Which rows of a table thresholds may bring back: those that rules dropped, not as duplicates or unread. */
async function judgedRows(table: Table): Promise<Uint8Array> {
  const { codes, words } = await facetOf(table, 'stage');
  const measured = await table.numbers('dup_line_frac');
  const isJudged = words.map((stage) => stage === 'language' || stage === 'filter');
  const judged = new Uint8Array(table.rows);
  for (let row = 0; row < table.rows; row++)
    judged[row] = Number(!Number.isNaN(measured[row]) && (row < table.kept || isJudged[codes[row]]));
  return judged;
}

/** @param moved thresholds by the reason of their rule, beside those that the recipe moved */
export async function changeOf(table: Table, recipe: Recipe, moved: Recipe['thresholds']): Promise<Change> {
  const counts = (await failuresOf(table, recipe)).slice();
  const judged = await judgedRows(table);
  const old = rulesOf(recipe);
  const changed = rulesOf(recipe, moved).filter(({ reason }) => Object.hasOwn(moved, reason));
  const now: ((row: number) => boolean | undefined)[] = [];
  for (const rule of changed) {
    const before = old.find(({ reason }) => reason === rule.reason);
    const passedBefore = before === undefined ? () => true : await passing(table, before);
    const passes = await passing(table, rule);
    now.push(passes);
    for (let row = 0; row < table.rows; row++)
      counts[row] += Number(passes(row) === false) - Number(passedBefore(row) === false);
  }
  const [lost, gained]: number[][] = [[], []];
  for (let row = 0; row < table.rows; row++) {
    if (judged[row] === 0) continue;
    if (row < table.kept) {
      if (counts[row] > 0) lost.push(row);
    } else if (counts[row] === 0) gained.push(row);
  }
  const bytes = await table.numbers('bytes');
  const reasons = await facetOf(table, 'reason');
  const measured = await table.numbers('dup_line_frac');
  const all = rulesOf(recipe, moved);
  const rules = await Promise.all(all.map((rule) => passing(table, rule)));
  const lostBy = countBy(lost, (row) => all[rules.findIndex((passes) => passes(row) === false)].reason);
  const gainedBy = countBy(gained, (row) => reasons.words[reasons.codes[row]]);
  const sum = (rows: readonly number[]): number => rows.reduce((total, row) => total + bytes[row], 0);
  return {
    ...{ lost: Uint32Array.from(lost), gained: Uint32Array.from(gained), lostBy, gainedBy },
    ...{
      lostBytes: sum(lost),
      gainedBytes: sum(gained),
      unmeasured: measured.reduce((n, value) => n + Number(Number.isNaN(value)), 0),
    },
  };
}

function countBy(rows: readonly number[], nameOf: (row: number) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[nameOf(row)] = (counts[nameOf(row)] ?? 0) + 1;
  return counts;
}

/** Where the values of a rule lie for rows that it alone decides: kept ones, and those that it alone drops. */
export async function decidedBy(
  table: Table,
  recipe: Recipe,
  rule: Rule,
): Promise<{ kept: Float32Array; dropped: Float32Array }> {
  const counts = await failuresOf(table, recipe);
  const judged = await judgedRows(table);
  const passes = await passing(table, rule);
  const values = await table.numbers(rule.measurement);
  const [kept, dropped]: number[][] = [[], []];
  for (let row = 0; row < table.rows; row++) {
    const does = judged[row] === 1 ? passes(row) : undefined;
    if (does === undefined) continue;
    if (row < table.kept) kept.push(values[row]);
    else if (!does && counts[row] === 1) dropped.push(values[row]);
  }
  return { kept: Float32Array.from(kept).sort(), dropped: Float32Array.from(dropped).sort() };
}
