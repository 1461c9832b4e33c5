/** An ablation for people: the table, and the differences with their intervals as a chart. */
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { COLOURS, chartSvg, type Series } from '../record/chart.ts';
import { EVAL_SETS, effectiveDocuments } from '../score/ablation.ts';
import type { Ablation } from './ablate.ts';

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

export function ablationText({ table, arms, baseline, documents, text, shared, left }: Ablation): string {
  const test = documents.filter(({ set }) => set === 'test');
  const [first] = Object.values(arms);
  return [
    formatTable([
      ['arm', 'bits/byte', 'seeds', 'SD', 'Δ', 'SE', '95 %', 'p', 'verdict', 'rate', 'steps', 'epochs'],
      ...table.map(({ arm, bitsPerByte, seeds, seedDeviation, difference }) => {
        const { rate, steps, epochs } = arms[arm];
        const own = [arm, bitsPerByte.toFixed(4), String(seeds), seedDeviation.toFixed(4)];
        const last = [rate.toPrecision(3), formatCount(steps), epochs.toPrecision(2)];
        if (difference === undefined) return [...own, '', '', '', '', 'baseline', ...last];
        const { delta, standardError, interval, p, least, verdict } = difference;
        const said = verdict === 'no difference seen' ? `none seen, above ± ${least.toFixed(3)}` : verdict;
        const between = interval.map(signed).join(' … ');
        return [...own, signed(delta), standardError.toFixed(4), between, p.toPrecision(2), said, ...last];
      }),
    ]),
    '',
    `Δ: bits per byte beside ${baseline}, of the same text and seeds; interval by hierarchical paired bootstrap, p after Holm; seen with 80 %: 2.8 SE`,
    `text ${text}: ${EVAL_SETS.map((set) => `${set} ${documents.filter((one) => one.set === set).length}`).join(', ')} documents; the table is of test, effective ${effectiveDocuments(test).toFixed(1)}; ${left} left out, ${(100 * shared[0]).toFixed(2)} % of words in 13-grams of training text, ${(100 * shared[1]).toFixed(2)} % in 50-grams`,
    `each arm ${first.flops.toExponential(2)} FLOPs (causal attention, no table look-ups), windows of ${first.config.context} by half`,
    ...Object.entries(arms).map(
      ([name, { tried }]) =>
        `${name}: ${tried.map(({ rate, tune }) => `${rate.toPrecision(3)} → ${tune.toFixed(4)}`).join(', ')} on tune`,
    ),
  ].join('\n');
}

/** A line for each arm but the baseline, from end to end of its interval. */
export function ablationChart({ table, baseline }: Ablation): string {
  const others = table.filter(({ difference }) => difference !== undefined);
  const series = others.map(({ arm, difference }, i): Series => {
    const { delta, interval } = difference!;
    const y = others.length - i;
    return {
      ...{ name: `${arm} ${signed(delta)}`, colour: COLOURS[i % COLOURS.length], width: 3, dots: true },
      points: [
        [interval[0], y],
        [delta, y],
        [interval[1], y],
      ],
    };
  });
  const none: Series = {
    ...{ name: `as ${baseline}`, colour: '#6e7781', dashed: true },
    points: [
      [0, 0.5],
      [0, others.length + 0.5],
    ],
  };
  const title = `Bits per byte beside ${baseline}, 95 % intervals`;
  return chartSvg({ title, xLabel: 'difference in bits per byte', yLabel: 'arm', series: [...series, none] });
}
