/**
 * Recipe: all that decides whether a page becomes a document of a folder. One object goes from the options of a command
 * through `clean` into the manifest, and from there to `vua explain` and `vua clean --what-if`.
 */
import { z } from 'zod';
import { badInput } from '../crawlers/shell/errors.ts';
import { LEVELS, type Level, PARAGRAPH_RULES, type ParagraphRule, TONE_STYLES, type ToneStyle } from './choices.ts';
import { formatNear, leastContainment, type NearRule, parseNear, STANDARD_NEAR, sCurve } from './dedup/near-rule.ts';
import type { Measurement, Measurements } from './document.ts';
import { type Filter, passes } from './filters/filter.ts';
import { isAsked, type Judgement, judge, PRESETS, type Preset, TABLE, thresholdsOf } from './filters/index.ts';

export interface Recipe {
  readonly preset: Preset;
  /** Thresholds moved from where the preset has them, by the reason of their rule. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Which personal data becomes tags. */
  readonly personalData: Level;
  /** Which documents are near duplicates. */
  readonly near: NearRule;
  /** Where the tone mark of an open oa, oe, uy stands. */
  readonly tones: ToneStyle;
  /** Whether paragraphs in other languages stay in a Vietnamese text. */
  readonly paragraphs: ParagraphRule;
  /** Which of several duplicates stays: the one that came first, or the longest, whatever the order (clean.ts). */
  readonly dedupOrder: DedupOrder;
  /** Whether passages that a kept document has said stay in later ones (dedup/passages.ts). */
  readonly passages: PassageRule;
}

const DEDUP_ORDERS = ['given', 'stable'] as const;
type DedupOrder = (typeof DEDUP_ORDERS)[number];
const PASSAGE_RULES = ['keep', 'cut'] as const;
type PassageRule = (typeof PASSAGE_RULES)[number];

/** A recipe as a folder has it: another version of vua may know other names. */
export interface StoredRecipe
  extends Omit<Recipe, 'preset' | 'personalData' | 'tones' | 'paragraphs' | 'dedupOrder' | 'passages'> {
  readonly preset: string;
  readonly personalData: string;
  readonly tones: string;
  readonly paragraphs: string;
  readonly dedupOrder: string;
  readonly passages: string;
}

/** What is not said is as `vua clean` has it. Two recipes that say the same are equal, in their order too. */
export function recipeOf(said: Partial<Recipe>): Recipe {
  const { preset = 'recommended', thresholds = {}, personalData = 'basic', near = STANDARD_NEAR } = said;
  const {
    tones = 'keep',
    paragraphs = paragraphsOf(preset),
    dedupOrder = 'given',
    passages = passagesOf(preset),
  } = said;
  const sorted = Object.fromEntries(Object.entries(thresholds).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { preset, thresholds: sorted, personalData, near, tones, paragraphs, dedupOrder, passages };
}

/** Published presets take whole pages. */
const paragraphsOf = (preset: string): ParagraphRule => (preset === 'recommended' ? 'vietnamese' : 'keep');

/** `keep-all` keeps what is said again, too. */
const passagesOf = (preset: string): PassageRule => (preset === 'keep-all' ? 'keep' : 'cut');

/** The recipe of a folder that has one: where nothing is said of style, paragraphs, passages or order, it goes on as it began. */
export const recipeFor = (said: Partial<Recipe>, stored: StoredRecipe): Recipe =>
  recipeOf({
    ...said,
    tones: said.tones ?? (stored.tones as ToneStyle),
    paragraphs: said.paragraphs ?? (stored.paragraphs as ParagraphRule),
    dedupOrder: said.dedupOrder ?? (stored.dedupOrder as DedupOrder),
    passages: said.passages ?? (stored.passages as PassageRule),
  });

/** The options of a command that make a recipe (`parseRecipe`). */
export const RECIPE_OPTIONS = {
  preset: z
    .enum(PRESETS)
    .default('recommended')
    .describe(`thresholds of the filters: ${PRESETS.join(', ')}`),
  threshold: z.array(z.string()).default([]).describe('thresholds to move from where the preset has them: NAME=NUMBER'),
  personalData: z
    .enum(LEVELS)
    .default('basic')
    .describe(`personal data that becomes tags: ${LEVELS.join(', ')}`),
  tones: z
    .enum(TONE_STYLES)
    .optional()
    .describe(
      `style of the tone mark in words that are no names: ${TONE_STYLES.join(', ')}; old is hòa, thủy, new is hoà, thuỷ (default: keep, as each page writes; a folder goes on as it began)`,
    ),
  paragraphs: z
    .enum(PARAGRAPH_RULES)
    .optional()
    .describe(
      'paragraphs in other languages, and lines of residue, within a Vietnamese text: keep, or vietnamese, which takes them out (default: vietnamese with --preset recommended, else keep; a folder goes on as it began)',
    ),
  near: z
    .string()
    .default(formatNear(STANDARD_NEAR))
    .describe(
      `near duplicates: bands x rows that propose pairs beside passages in common, @ the similarity that decides, measured on both texts. Share of pairs that the default's bands find, by their similarity: ${sCurve(STANDARD_NEAR)}`,
    ),
  dedupOrder: z
    .enum(DEDUP_ORDERS)
    .optional()
    .describe(
      'which of several duplicates stays: given, the first; stable, the longest, so that the pages of a run give the same documents in any order (default: given; a folder goes on as it began)',
    ),
  passages: z
    .enum(PASSAGE_RULES)
    .optional()
    .describe(
      'passages of 50 syllables and more that a kept document has said: keep, or cut, but from verse, code and law (default: cut, with --preset keep-all keep; a folder goes on as it began)',
    ),
};

/** @throws ToolkitError (exit 2) BAD_THRESHOLD, BAD_OPTION */
export const parseRecipe = ({
  threshold,
  near,
  ...given
}: z.infer<z.ZodObject<typeof RECIPE_OPTIONS>>): Partial<Recipe> => ({
  ...given,
  thresholds: parseThresholds(threshold),
  near: parseNear(near),
});

/** Measurements that one row alone asks about: they name it too. */
const UNSHARED = TABLE.map(({ filter }) => filter.measurement).filter(
  (name, _, all) => all.lastIndexOf(name) === all.indexOf(name),
);
const REASONS = TABLE.map(({ filter }) => filter.reason);

/**
 * `dup_line_frac=0.4`: a rule by its measurement, or by its reason where two rules share one.
 * @returns thresholds by reason; of two for one rule the last
 * @throws ToolkitError BAD_THRESHOLD (exit 2) naming what is allowed.
 */
export const parseThresholds = (texts: readonly string[]): Recipe['thresholds'] =>
  Object.fromEntries(texts.map(parseThreshold));

function parseThreshold(text: string): [reason: string, threshold: number] {
  const [, name = '', figure = ''] = /^([a-z0-9_]+)=(-?\d*\.?\d+)$/.exec(text) ?? [];
  const sharing = TABLE.filter(({ filter }) => filter.measurement === (name as Measurement));
  const reason = REASONS.includes(name) ? name : sharing.length === 1 ? sharing[0].filter.reason : undefined;
  if (reason !== undefined) return [reason, Number(figure)];
  const names = sharing.length > 1 ? sharing.map(({ filter }) => filter.reason) : [...UNSHARED, ...REASONS];
  throw badInput(
    'BAD_THRESHOLD',
    `${text}: expected NAME=NUMBER with one of ${names.join(', ')}`,
    'vua clean --what-if dup_line_frac=0.4 --out out/documents',
  );
}

/** For people: the preset, and behind it what was moved: `recommended repeated_lines=0.4 personal-data=strict`. */
export const formatRecipe = ({ preset, thresholds, personalData, near, tones, ...rules }: StoredRecipe): string =>
  [
    preset,
    ...Object.entries(thresholds).map(([reason, threshold]) => `${reason}=${threshold}`),
    ...(personalData === 'basic' ? [] : [`personal-data=${personalData}`]),
    ...(tones === 'keep' ? [] : [`tones=${tones}`]),
    ...(rules.paragraphs === paragraphsOf(preset) ? [] : [`paragraphs=${rules.paragraphs}`]),
    ...(rules.dedupOrder === 'given' ? [] : [`dedup-order=${rules.dedupOrder}`]),
    ...(rules.passages === passagesOf(preset) ? [] : [`passages=${rules.passages}`]),
    ...(isStandard(near) ? [] : [`near=${formatNear(near)}`]),
  ].join(' ');

/** The share of a text's shingles that must stand in another for the one to be dropped. */
export const containmentThreshold = ({ near }: StoredRecipe): number => leastContainment(near.similarity);

/** What its near rule finds, for people; nothing of the standard one, which `--help` tells. */
export const nearNote = ({ near }: Recipe): string | undefined =>
  isStandard(near)
    ? undefined
    : `--near ${formatNear(near)}: share of pairs that its bands find, by their similarity: ${sCurve(near)}`;

const isStandard = (near: NearRule): boolean => formatNear(near) === formatNear(STANDARD_NEAR);

/**
 * A stored recipe, if this version knows all of it.
 * @param where the file that says it
 * @throws ToolkitError UNKNOWN_RECIPE (exit 2) naming what it does not know, and what it does
 */
export function knownRecipe(stored: StoredRecipe, where: string): Recipe {
  const named = [
    ['preset', [stored.preset], PRESETS],
    ['threshold', Object.keys(stored.thresholds), REASONS],
    ['personal data', [stored.personalData], LEVELS],
    ['tones', [stored.tones], TONE_STYLES],
    ['paragraphs', [stored.paragraphs], PARAGRAPH_RULES],
    ['dedup order', [stored.dedupOrder], DEDUP_ORDERS],
    ['passages', [stored.passages], PASSAGE_RULES],
  ] as const;
  for (const [what, names, known] of named) {
    const unknown = names.find((name) => !(known as readonly string[]).includes(name));
    if (unknown === undefined) continue;
    throw badInput(
      'UNKNOWN_RECIPE',
      `${where}: ${what} ${JSON.stringify(unknown)}, expected one of ${known.join(', ')}`,
      'keep the folder as it is, and ask the version of vua that cleaned it, or a newer one',
    );
  }
  return stored as Recipe;
}

/** A rule of a recipe, and where it draws its line. */
export interface Rule extends Filter {
  readonly threshold: number;
}

/** Every rule of a recipe in its order, with further thresholds moved. */
export function rulesOf({ preset, thresholds }: Recipe, moved: Recipe['thresholds'] = {}): Rule[] {
  const limits = thresholdsOf(preset, { ...thresholds, ...moved });
  return TABLE.flatMap(({ filter }) => {
    const threshold = limits.get(filter.reason);
    return threshold === undefined ? [] : { ...filter, threshold };
  });
}

/** A rule of a recipe, and how a document stands to it. */
export interface Ruling extends Filter {
  readonly value: number;
  readonly threshold: number;
  readonly passes: boolean;
}

/** Every rule of the recipe, as far as its measurement is there. */
export function rulings({ preset, thresholds }: Recipe, measurements: Readonly<Record<string, number>>): Ruling[] {
  const limits = thresholdsOf(preset, thresholds);
  return TABLE.flatMap(({ filter }) => {
    const threshold = limits.get(filter.reason);
    const value = measurements[filter.measurement];
    if (threshold === undefined || !isAsked(filter, measurements)) return [];
    const { reason, measurement, needs } = filter;
    return { reason, measurement, value, needs, threshold, passes: passes(filter, value, threshold) };
  });
}

/** Judges by the recipe's rules, with further thresholds moved: the first that rejects, or `true`. */
export function judgeBy(
  { preset, thresholds }: Recipe,
  moved: Recipe['thresholds'],
): (measurements: Measurements) => true | Judgement {
  const limits = thresholdsOf(preset, { ...thresholds, ...moved });
  return (measurements) => judge(measurements, limits);
}
