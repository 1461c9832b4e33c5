/** A run's summary as a table for people. Held-out figures beside each other are of the text in the row above them. */
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { Estimate } from '../score/estimate.ts';
import { textFacts } from '../score/held-out.ts';
import type { HeldOutFigures, TrainingSummary } from './options.ts';

/** Held-out sources in the table, largest first. */
const SHOWN_SOURCES = 8;

export function trainingRows(summary: TrainingSummary): string[][] {
  return [
    ['parameters', formatCount(summary.parameters)],
    ['optimizer steps', formatCount(summary.step)],
    ...(summary.began ? beganRows(summary.began) : []),
    ...(summary.heldOut ? heldOutRows(summary.heldOut, summary.step) : []),
    ...(summary.shares.length > 1 ? summary.shares : []).map(({ where, given, wanted, epochs }) => [
      `  rows of ${where}`,
      `${(100 * given).toFixed(1)} % (asked ${(100 * wanted).toFixed(1)} %), ${epochs.toFixed(2)} epochs`,
    ]),
    ['training tokens/s', formatCount(Math.round(summary.tokensPerSecond))],
    ['adapter', summary.adapter],
    ['checkpoint', summary.checkpoint],
  ];
}

function beganRows({ from, trainings }: NonNullable<TrainingSummary['began']>): string[][] {
  return [
    ['began with the weights of', from],
    ...trainings.map(({ steps, tokens, on }, i) => [
      `  training ${i + 1} of ${trainings.length}`,
      `${formatCount(steps)} steps, ${formatCount(tokens)} tokens of ${on}`,
    ]),
  ];
}

function heldOutRows(figures: HeldOutFigures, step: number): string[][] {
  const { unigramBitsPerByte: unigram, unigramStandardError, untrainedBitsPerByte: untrained, curve } = figures;
  const trained = figures.step === step ? 'trained' : `trained, at step ${formatCount(figures.step)}`;
  const bits = (model: string, one: Estimate): string[] => [`held-out bits per byte, ${model}`, withError(one)];
  return [
    ['held-out text', heldOutName(figures)],
    ...(untrained === undefined
      ? []
      : [bits('untrained', { bitsPerByte: untrained, standardError: figures.untrainedStandardError })]),
    ...(unigram === undefined ? [] : [bits('unigram', { bitsPerByte: unigram, standardError: unigramStandardError })]),
    bits(trained, figures),
    ...(unigram === undefined ? [] : [['trained / unigram', (figures.bitsPerByte / unigram).toFixed(3)]]),
    ...figures.sources
      .slice(0, SHOWN_SOURCES)
      .map(({ source, bitsPerByte, unigramBitsPerByte: beside }) => [
        `  ${source}`,
        `${bitsPerByte.toFixed(4)} / ${beside.toFixed(4)} = ${(bitsPerByte / beside).toFixed(3)}`,
      ]),
    ...(curve
      ? [
          ['held-out text while training', heldOutName(curve)],
          ['  untrained, unigram, trained', inOne(curve)],
        ]
      : []),
  ];
}

/** Of which text figures are. */
export function heldOutName({ text, unigramBitsPerByte }: Pick<HeldOutFigures, 'text' | 'unigramBitsPerByte'>): string {
  if (text) return textFacts(text);
  return unigramBitsPerByte === undefined ? 'a part that the run does not name' : 'all of it';
}

/** `1.8640 ± 0.0290` */
export const withError = ({ bitsPerByte, standardError }: Estimate): string =>
  `${bitsPerByte.toFixed(4)}${standardError == null ? '' : ` ± ${standardError.toFixed(4)}`}`;

const inOne = ({
  untrainedBitsPerByte,
  unigramBitsPerByte,
  bitsPerByte,
}: NonNullable<HeldOutFigures['curve']>): string =>
  [untrainedBitsPerByte, unigramBitsPerByte, bitsPerByte].map((bits) => bits?.toFixed(4) ?? '–').join(', ');
