/**
 * What a tokenizer makes of text: of ours and of others the same figures, by source.
 *
 *   bytes per token      UTF-8 bytes of the NFC text over tokens: how far a context reaches, and what a step learns from
 *   tokens per syllable  all tokens over syllables (runs of letters and marks)
 *   one-token syllables  share of syllables, as they stand in the text, that are one token with the space before them
 *   round trip           documents whose tokens decode to the NFC of their text
 *   effective            (Σ b)² / Σ b² of the documents' bytes; under 20 a source says little, and is marked
 *   ±                    standard error of bytes per token, over documents
 *   registers            what is hard (registers.ts)
 */

import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import type { Compared } from './beside.ts';
import { REGISTER_BYTES, Registers } from './registers.ts';

const NONE = {
  documents: 0,
  bytes: 0,
  tokens: 0,
  syllables: 0,
  oneTokenSyllables: 0,
  roundTrips: 0, // documents that came back as they were
  bytesSquared: 0, // sums over documents
  bytesTokens: 0,
  tokensSquared: 0,
};
const FIGURES = Object.keys(NONE) as (keyof typeof NONE)[];
export type SourceFigures = typeof NONE & { readonly source: string };

export interface Audit {
  /** Of `A` … `E` and ` A` … ` E`, those that are one token: a test item's answers. */
  readonly letters: string[];
  readonly digits: string[];
  /** Pieces of a year, a date and a price. */
  readonly numbers: string[];
}

const SYLLABLE = / ?[\p{L}\p{M}]+/gu;
const LETTERS = [...'ABCDE'].flatMap((letter) => [letter, ` ${letter}`]);
const NUMBERS = [' 2026', ' 30/4/1975', ' 1.250.000'];

export class Evaluation {
  readonly sources = new Map<string, SourceFigures>();
  readonly registers: Registers;
  /** Ids met. */
  readonly #used = new Set<number>();
  /** Tokens of each syllable met. */
  readonly #lengths = new Map<string, number>();

  readonly tokenizer: Compared;

  constructor(tokenizer: Compared) {
    this.tokenizer = tokenizer;
    this.registers = new Registers((text) => tokenizer.encode(text));
  }

  add(source: string, text: string): void {
    const { tokenizer } = this;
    const used = this.#used;
    const lengths = this.#lengths;
    const figures = this.sources.get(source) ?? { source, ...NONE };
    this.sources.set(source, figures);
    const composed = nfc(text);
    this.registers.add(composed);
    const ids = tokenizer.encode(composed);
    for (let i = 0; i < ids.length; i++) used.add(ids[i]);
    figures.documents++;
    const [bytes, tokens] = [Buffer.byteLength(composed), ids.length];
    figures.bytes += bytes;
    figures.tokens += tokens;
    figures.bytesSquared += bytes ** 2;
    figures.bytesTokens += bytes * tokens;
    figures.tokensSquared += tokens ** 2;
    figures.roundTrips += Number(tokenizer.decode(ids) === composed);
    for (const [syllable] of composed.matchAll(SYLLABLE)) {
      let length = lengths.get(syllable);
      if (length === undefined) {
        length = tokenizer.encode(syllable).length;
        lengths.set(syllable, length);
      }
      figures.syllables++;
      figures.oneTokenSyllables += Number(length === 1);
    }
  }

  /** All sources as one. */
  total(): SourceFigures {
    const total = { source: 'all', ...NONE };
    for (const figures of this.sources.values()) for (const key of FIGURES) total[key] += figures[key];
    return total;
  }

  get unusedTokens(): number {
    return this.tokenizer.vocabSize - this.#used.size;
  }

  audit(): Audit {
    const { tokenizer } = this;
    const isOne = (text: string): boolean => tokenizer.encode(text).length === 1;
    return {
      letters: LETTERS.filter(isOne),
      digits: [...'0123456789'].filter(isOne),
      numbers: NUMBERS.map((text) => Array.from(tokenizer.encode(text), (id) => tokenizer.decode([id])).join('|')),
    };
  }
}

/** Kish: as many documents of equal length would say as much. */
export const effectiveOf = ({ bytes, bytesSquared }: SourceFigures): number => bytes ** 2 / Math.max(1, bytesSquared);

/** Of bytes per token, as of a ratio of sums; none of a single document. */
export function standardErrorOf(figures: SourceFigures): number | undefined {
  const { documents: n, bytes, tokens, bytesSquared, bytesTokens, tokensSquared } = figures;
  if (n < 2 || tokens === 0) return undefined;
  const ratio = bytes / tokens;
  const squares = bytesSquared - 2 * ratio * bytesTokens + ratio ** 2 * tokensSquared;
  return Math.sqrt((n / (n - 1)) * Math.max(0, squares)) / tokens;
}

const FEW = 20;

/** A row of the table: source, documents, effective, MB, bytes per token, tokens per syllable, one-token syllables, round trips. */
function figuresRow(figures: SourceFigures) {
  const { source, documents, bytes, tokens, syllables, oneTokenSyllables, roundTrips } = figures;
  const [effective, error] = [effectiveOf(figures), standardErrorOf(figures)];
  return [
    `${source}${effective < FEW ? ' *' : ''}`,
    formatCount(documents),
    effective.toFixed(1),
    (bytes / 1e6).toFixed(2),
    `${(bytes / Math.max(1, tokens)).toFixed(3)}${error === undefined ? '' : ` ± ${error.toFixed(3)}`}`,
    (tokens / Math.max(1, syllables)).toFixed(3),
    `${((100 * oneTokenSyllables) / Math.max(1, syllables)).toFixed(1)} %`,
    `${roundTrips}/${documents}`,
  ];
}

const HEAD = [
  'source',
  'documents',
  'effective',
  'MB',
  'bytes/token',
  'tokens/syllable',
  'one-token syllables',
  'round trips',
];

/** A table for each tokenizer, for people. */
export function formatEvaluations(evaluations: readonly Evaluation[]): string {
  return evaluations
    .map((evaluation) => {
      const { name, vocabSize } = evaluation.tokenizer;
      const { letters, digits, numbers } = evaluation.audit();
      const rows = [...evaluation.sources.values()].map(figuresRow);
      if (rows.length > 1) rows.push(figuresRow(evaluation.total()));
      return [
        `${name}: ${formatCount(vocabSize)} tokens, ${formatCount(evaluation.unusedTokens)} of them unused here`,
        formatTable([HEAD, ...rows]),
        ...(rows.some(([source]) => source.endsWith(' *')) ? [`*: fewer than ${FEW} effective documents`] : []),
        formatTable([
          ['register', 'kB', 'bytes/token'],
          ...evaluation.registers
            .figures()
            .map(({ register, bytes, tokens }) => [register, (bytes / 1e3).toFixed(1), (bytes / tokens).toFixed(3)]),
        ]),
        `(registers: of the first ${REGISTER_BYTES / 1e3} kB of the text)`,
        `one token: letters ${letters.map((letter) => JSON.stringify(letter)).join(' ') || 'none'}; digits ${digits.join(' ') || 'none'}`,
        `numbers: ${numbers.map((pieces) => JSON.stringify(pieces)).join(' ')}`,
      ].join('\n');
    })
    .join('\n\n');
}
