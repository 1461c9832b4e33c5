/**
 * The split rules: how a text falls into pretokens, the pieces that no merge crosses.
 *
 *   name      a run of letters takes   marks are   digits        a number    `'s` `'t` …   line ends     merges may
 *             the one before it        letters                   takes the                 close what    cross spaces
 *                                                                space                     stands there
 *   vua       a space                  yes         by 1, 2, 3    yes         no            yes           with `acrossSpaces`
 *   gpt2      a space                  no          all           yes         lower case    no            no
 *   llama3    any but a line end       no          by 3          no          any case      yes           no
 *   qwen2     any but a line end       no          one by one    no          any case      yes           no
 *   qwen3.5   any but a line end       yes         one by one    no          any case      yes           no
 *   superbpe  (all between numbers)    –           by 3 from     no          no            –             yes
 *                                                  the right
 *
 * All but `vua` are built into llama.cpp (`pre`), which takes no other, and all but `vua` and `superbpe` into gigatoken.
 * So a tokenizer with one of them gives the same ids there as here.
 */

import { badInput } from '../../crawlers/shell/errors.ts';

export const SPLIT_NAMES = ['llama3', 'qwen2', 'qwen3.5', 'gpt2', 'superbpe', 'vua'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

export interface SplitRule {
  readonly name: SplitName;
  /** Whether a mark (`\p{M}`) is a letter. */
  readonly marks: boolean;
  /** What a run of letters takes with it: a space before it, or any one character but a number or a line end. */
  readonly head: 'space' | 'any';
  /** Whether `'s 't 're 've 'm 'll 'd` are pretokens: in lower case alone, or in any. */
  readonly endings: 'none' | 'lower' | 'any';
  /** Most digits in a pretoken; 0: all that stand together. */
  readonly digits: 0 | 1 | 2 | 3;
  /** A number takes the space before it. */
  readonly spacedNumbers: boolean;
  /** Line ends go with the punctuation or the spaces before them. */
  readonly lineEnds: boolean;
  /** Whether merges cross the spaces between syllables: other libraries then split off whole runs of them. */
  readonly acrossSpaces: boolean;
  /**
   * Pretokens are all that stands between two numbers, and of an ASCII number three digits, from its right. The scan then
   * gives finer pieces, whose borders follow from the two characters beside them: no token can hold one of them within,
   * but where it was learned as a merge across spaces. So merging the pieces, and then across them, is merging the whole.
   */
  readonly wholeRuns: boolean;
  /** The rule's name in llama.cpp, `tokenizer.ggml.pre`, where it has it. */
  readonly pre?: string;
}

const CHAT = {
  marks: false,
  head: 'any',
  endings: 'any',
  digits: 1,
  spacedNumbers: false,
  lineEnds: true,
  acrossSpaces: false,
  wholeRuns: false,
} as const;
const VUA = { ...CHAT, name: 'vua', marks: true, head: 'space', endings: 'none', spacedNumbers: true } as const;

/** All rules there are. */
export const SPLIT_RULES: readonly SplitRule[] = [
  { ...CHAT, name: 'llama3', digits: 3, pre: 'llama-bpe' },
  { ...CHAT, name: 'qwen2', pre: 'qwen2' },
  { ...CHAT, name: 'qwen3.5', marks: true, pre: 'qwen35' },
  {
    ...CHAT,
    name: 'gpt2',
    head: 'space',
    endings: 'lower',
    digits: 0,
    spacedNumbers: true,
    lineEnds: false,
    pre: 'gpt-2',
  },
  {
    ...VUA,
    name: 'superbpe',
    digits: 3,
    spacedNumbers: false,
    acrossSpaces: true,
    wholeRuns: true,
    pre: 'superbpe',
  },
  ...[false, true].flatMap((acrossSpaces) => ([1, 2, 3] as const).map((digits) => ({ ...VUA, digits, acrossSpaces }))),
];

/** The rule of a name; `vua` has one for each number of digits, with merges across spaces and without. */
export function splitNamed(name: SplitName, { digits = 3, acrossSpaces = false } = {}): SplitRule {
  return SPLIT_RULES.find(
    (rule) => rule.name === name && (name !== 'vua' || (rule.digits === digits && rule.acrossSpaces === acrossSpaces)),
  )!;
}

export interface SplitWish {
  readonly split?: SplitName;
  /** Most digits in a pretoken: of `vua`, which it stands for where no rule is named. */
  readonly digits?: 1 | 2 | 3;
  readonly maxSyllables: number;
}

/**
 * The rule asked for; where none is, one that gives the same ids in other engines.
 * @throws ToolkitError BAD_OPTION (exit 2) for a rule that has no such digits or no merges across spaces.
 */
export function splitFor({ split, digits, maxSyllables }: SplitWish): SplitRule {
  const acrossSpaces = maxSyllables > 1;
  const plain = digits === undefined ? (acrossSpaces ? 'superbpe' : DEFAULT_SPLIT.name) : 'vua';
  const rule = splitNamed(split ?? plain, { digits, acrossSpaces });
  if (digits !== undefined && rule.name !== 'vua') {
    throw badInput(
      'BAD_OPTION',
      `--digits ${digits} with --split ${rule.name}, which has its own`,
      'leave out --digits',
    );
  }
  if (acrossSpaces && !rule.acrossSpaces) {
    throw badInput(
      'BAD_OPTION',
      `--max-syllables ${maxSyllables} with --split ${rule.name}, in which no merge crosses a space`,
      'take --split superbpe, or --max-syllables 1',
    );
  }
  return rule;
}

/** Exact in llama.cpp, transformers, tokenizers, @huggingface/tokenizers and gigatoken; RESULTS.md says what it costs. */
export const DEFAULT_SPLIT = splitNamed('llama3');

/**
 * The rule as it stands in tokenizer.json, where Oniguruma's dialect holds (`\s` is \p{White_Space}): patterns that split
 * one after the other. Those of llama3, qwen2, qwen3.5 and gpt2 are the ones that their makers and gigatoken write.
 */
export function splitPatterns(rule: SplitRule): readonly string[] {
  if (rule.wholeRuns) return ['\\p{N}+', '(?=([0-9]{3})+(?![0-9]))'];
  const syllable = rule.marks ? '[\\p{L}\\p{M}]+' : '\\p{L}+';
  const letters = `${rule.head === 'any' ? '[^\\r\\n\\p{L}\\p{N}]?' : ' ?'}${syllable}`;
  const run = rule.acrossSpaces ? `(?: ${syllable})*` : '';
  const digits = { 0: '+', 1: '', 2: '{1,2}', 3: '{1,3}' }[rule.digits];
  const other = ` ?[^\\s\\p{L}${rule.marks ? '\\p{M}' : ''}\\p{N}]+`;
  const endings = {
    none: '',
    lower: "'(?:[sdmt]|ll|ve|re)|",
    any: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|",
  }[rule.endings];
  const lines = rule.lineEnds ? '[\\r\\n]*|\\s*[\\r\\n]+' : '';
  return [
    `${endings}${letters}${run}|${rule.spacedNumbers ? ' ?' : ''}\\p{N}${digits}|${other}${lines}|\\s+(?!\\S)|\\s+`,
  ];
}
