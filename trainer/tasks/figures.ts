/** Averages of results, what they are worth, what guessing would give, and when a score says nothing. */
import type { Result } from './task.ts';

/** Of shares, 0…1. */
export interface Score {
  readonly items: number;
  readonly groups: number;
  /** Mean over the groups' means: how VMLU's average is made. */
  readonly byGroup: number;
  readonly byItem: number;
  /** Standard errors: of items drawn anew, right or wrong with the probability of the item average; of shares by their spread. */
  readonly groupError: number;
  readonly itemError: number;
  /** What guessing gives, and the standard deviation of that; none where nothing can be guessed. */
  readonly chance?: {
    readonly byGroup: number;
    readonly byItem: number;
    readonly groupError: number;
    readonly itemError: number;
  };
}

/** @returns none of no results with a value */
export function scoreOf(results: readonly Result[]): Score | undefined {
  const told = results.filter(({ value }) => value !== undefined);
  if (told.length === 0) return undefined;
  const groups = [...groupsOf(told).values()];
  const mean = (list: readonly Result[], of: (one: Result) => number): number =>
    list.reduce((sum, one) => sum + of(one), 0) / list.length;
  const averages = (of: (one: Result) => number) => ({
    byItem: mean(told, of),
    byGroup: groups.reduce((sum, group) => sum + mean(group, of), 0) / groups.length,
  });
  const errors = (variance: (one: Result) => number) => ({
    itemError: Math.sqrt(mean(told, variance) / told.length),
    groupError: Math.sqrt(groups.reduce((sum, group) => sum + mean(group, variance) / group.length, 0)) / groups.length,
  });
  const value = averages((one) => one.value!);
  const isRightOrWrong = told.every(({ value }) => value === 0 || value === 1 || value === 0.5);
  const isGuessed = told.every(({ chance }) => chance !== undefined);
  return {
    ...{ items: told.length, groups: groups.length, ...value },
    ...errors(isRightOrWrong ? () => value.byItem * (1 - value.byItem) : (one) => (one.value! - value.byItem) ** 2),
    ...(isGuessed && {
      chance: { ...averages((one) => one.chance!), ...errors(({ chance = 0 }) => chance * (1 - chance)) },
    }),
  };
}

/** By group, in the order of their names. */
export function groupsOf(results: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const { group } of results.toSorted((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0)))
    groups.set(group, []);
  for (const result of results) groups.get(result.group)!.push(result);
  return groups;
}

/** What guessing reaches by luck: so many standard deviations around it say nothing. */
const BAND = 2;

/** The average over groups, or over items, lies where guesses lie. */
export function isWithinChance(score: Score): boolean {
  const { chance } = score;
  if (!chance) return false;
  const near = (value: number, by: number, error: number): boolean => Math.abs(value - by) <= BAND * error;
  return near(score.byItem, chance.byItem, chance.itemError) || near(score.byGroup, chance.byGroup, chance.groupError);
}

/** All answers are the same: two models that differ would not agree so. */
export const isBitEqual = (a: readonly Result[], b: readonly Result[]): boolean => {
  const line = (list: readonly Result[]): string =>
    JSON.stringify(list.map(({ id, value, answer }) => [id, value, answer]).sort());
  return a.length > 0 && line(a) === line(b);
};

export interface Difference {
  /** B minus A, over items that both have. */
  readonly difference: number;
  /** Of the paired difference. */
  readonly standardError: number;
  readonly items: number;
}

/** Two models on the same items, item by item: closer than their own errors let one think. */
export function differenceOf(a: readonly Result[], b: readonly Result[]): Difference {
  const before = new Map(a.map(({ id, value }) => [id, value]));
  const pairs = b.flatMap(({ id, value, weight = 1 }) => {
    const other = before.get(id);
    return other === undefined || value === undefined ? [] : [{ difference: value - other, weight }];
  });
  const weight = pairs.reduce((sum, one) => sum + one.weight, 0);
  const mean = pairs.reduce((sum, one) => sum + one.difference, 0) / weight;
  const squares = pairs.reduce((sum, one) => sum + (one.difference - mean * one.weight) ** 2, 0);
  const count = pairs.length;
  return {
    difference: mean,
    standardError: Math.sqrt((count / Math.max(1, count - 1)) * squares) / weight,
    items: count,
  };
}

/** Bits per byte of all. */
export function bitsOf(results: readonly Result[]): { readonly bitsPerByte: number; readonly bytes: number } {
  const sum = (of: (one: Result) => number): number => results.reduce((total, one) => total + of(one), 0);
  const bytes = sum(({ weight = 0 }) => weight);
  return { bitsPerByte: sum(({ value = 0 }) => value) / bytes, bytes };
}
