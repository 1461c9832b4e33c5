/**
 * Answers on their way between threads. An object of 75 named figures costs more to copy than to compute, so figures
 * travel as one array in the order of MEASUREMENTS, and a text that was not masked travels once.
 */
import { MEASUREMENTS, type Measurements } from './document.ts';
import type { Answer } from './engine.ts';
import type { Assessment, ReadPage } from './work.ts';

export type WireAnswer =
  | Extract<Answer, { readonly refused: unknown }>
  | {
      readonly read: Omit<ReadPage, 'repairs'>;
      readonly assessment: Omit<Assessment, 'measurements' | 'text'>;
      /** Empty where it is the text that was read. */
      readonly masked: string;
      readonly figures: Float64Array;
    };

export function toWire(answer: Answer): WireAnswer {
  if ('refused' in answer) return answer;
  const { repairs: _, ...read } = answer.read;
  const { measurements, text, ...assessment } = answer.assessment;
  const masked = text === read.text ? '' : text;
  return { read, assessment, masked, figures: Float64Array.from(MEASUREMENTS, (name) => measurements[name]) };
}

export function fromWire(answer: WireAnswer): Answer {
  if ('refused' in answer) return answer;
  const { read, assessment, masked, figures } = answer;
  const measurements = {} as Record<keyof Measurements, number>;
  for (let i = 0; i < figures.length; i++) measurements[MEASUREMENTS[i]!] = figures[i]!;
  const repairs = repairsIn(measurements);
  return { read: { ...read, repairs }, assessment: { ...assessment, text: masked || read.text, measurements } };
}

const repairsIn = (measurements: Measurements): ReadPage['repairs'] => ({
  repaired_charset: measurements.repaired_charset,
  repaired_mojibake: measurements.repaired_mojibake,
  repaired_references: measurements.repaired_references,
  repaired_invisible: measurements.repaired_invisible,
  repaired_marks: measurements.repaired_marks,
  repaired_stroked_d: measurements.repaired_stroked_d,
  repaired_homoglyphs: measurements.repaired_homoglyphs,
  repaired_tones: measurements.repaired_tones,
  repaired_quotes: measurements.repaired_quotes,
  repaired_spaces: measurements.repaired_spaces,
});
