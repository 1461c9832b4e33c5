/** A run's summary as a table for people. */
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { TrainingSummary } from './options.ts';

/** Held-out sources in the table, largest first. */
const SHOWN_SOURCES = 8;

export function trainingRows(summary: TrainingSummary): string[][] {
  const { unigramBitsPerByte: unigram, heldOutBitsPerByte: heldOut } = summary;
  return [
    ['parameters', formatCount(summary.parameters)],
    ['optimizer steps', formatCount(summary.step)],
    ['held-out bits per byte, untrained', summary.untrainedBitsPerByte.toFixed(4)],
    ['held-out bits per byte, unigram', unigram.toFixed(4)],
    ['held-out bits per byte, trained', heldOut.toFixed(4)],
    ['trained / unigram', (heldOut / unigram).toFixed(3)],
    ...summary.sources
      .slice(0, SHOWN_SOURCES)
      .map(({ source, bitsPerByte, unigramBitsPerByte: beside }) => [
        `  ${source}`,
        `${bitsPerByte.toFixed(4)} / ${beside.toFixed(4)} = ${(bitsPerByte / beside).toFixed(3)}`,
      ]),
    ...(summary.shares.length > 1 ? summary.shares : []).map(({ where, given, wanted, epochs }) => [
      `  rows of ${where}`,
      `${(100 * given).toFixed(1)} % (asked ${(100 * wanted).toFixed(1)} %), ${epochs.toFixed(2)} epochs`,
    ]),
    ['training tokens/s', formatCount(Math.round(summary.tokensPerSecond))],
    ['adapter', summary.adapter],
    ['checkpoint', summary.checkpoint],
  ];
}
