/** A run's summary as a table for people. Held-out figures beside each other are of the text in the row above them. */
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import { passagesText, type SourceFigure } from '../score/bits-per-byte.ts';
import { documentsOf, type Estimate, FEW_DOCUMENTS, isFew, withError } from '../score/estimate.ts';
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
  const {
    unigramBitsPerByte: unigram,
    unigramStandardError,
    untrainedBitsPerByte: untrained,
    curve,
    bytes,
    best,
    passages,
  } = figures;
  const shareOf = (other: number): string => (figures.bitsPerByte / other).toFixed(3);
  const trained = figures.step === step ? 'trained' : `trained, at step ${formatCount(figures.step)}`;
  const bits = (model: string, one: Estimate): string[] => [`held-out bits per byte, ${model}`, withError(one)];
  return [
    ['held-out text', heldOutName(figures)],
    ...(untrained === undefined
      ? []
      : [bits('untrained', { bitsPerByte: untrained, standardError: figures.untrainedStandardError })]),
    ...(unigram === undefined ? [] : [bits('unigram', { bitsPerByte: unigram, standardError: unigramStandardError })]),
    bits(trained, figures),
    ...(best ? [bits(`--best, of step ${formatCount(best.step)}`, best)] : []),
    ...(bytes ? [bits('byte 5-gram', bytes)] : []),
    ...(unigram === undefined ? [] : [['trained / unigram, of this tokenizer', shareOf(unigram)]]),
    ...(bytes ? [[`trained / byte 5-gram of ${formatBytes(bytes.trainBytes)}`, shareOf(bytes.bitsPerByte)]] : []),
    ...(passages ? [['words that stand in train, in runs of 13, 50', passagesText(passages)]] : []),
    ...sourceRows(figures.sources),
    ...(curve
      ? [
          ['held-out text while training', heldOutName(curve)],
          ['  untrained, unigram, trained', inOne(curve)],
        ]
      : []),
  ];
}

function sourceRows(sources: readonly SourceFigure[]): string[][] {
  const shown = sources.slice(0, SHOWN_SOURCES);
  const rows = shown.map(({ unigramBitsPerByte: beside, ...one }) => [
    `  ${one.source}${isFew(one) ? ' *' : ''}`,
    `${withError(one)} / ${beside.toFixed(4)} = ${(one.bitsPerByte / beside).toFixed(3)}, ${documentsOf(one)}`,
  ]);
  return shown.some(isFew) ? [...rows, ['  *', `fewer than ${FEW_DOCUMENTS} effective documents: says little`]] : rows;
}

/** Of which text figures are. */
export function heldOutName({ text, unigramBitsPerByte }: Pick<HeldOutFigures, 'text' | 'unigramBitsPerByte'>): string {
  if (text) return textFacts(text);
  return unigramBitsPerByte === undefined ? 'a part that the run does not name' : 'all of it';
}

const inOne = ({
  untrainedBitsPerByte,
  unigramBitsPerByte,
  bitsPerByte,
  ...errors
}: NonNullable<HeldOutFigures['curve']>): string =>
  [
    [untrainedBitsPerByte, errors.untrainedStandardError] as const,
    [unigramBitsPerByte, errors.unigramStandardError] as const,
    [bitsPerByte, errors.standardError] as const,
  ]
    .map(([bits, standardError]) => (bits === undefined ? '–' : withError({ bitsPerByte: bits, standardError })))
    .join(', ');
