/** A loss curve as a self-contained SVG that reads in light and dark: training loss, held-out and unigram bits per byte. */
import type { CurveHead, CurvePoint } from './curve.ts';

const WIDTH = 760;
const HEIGHT = 380;
const MARGIN = { left: 56, right: 24, top: 46, bottom: 44 };
const COLOURS = { training: '#3b82c4', heldOut: '#c2571a', unigram: '#7a8288' };

/**
 * Training loss is drawn in bits per byte too: nats per token over ln 2 and `bytesPerToken` of the training split, a
 * moving mean over the last 10 steps.
 */
export function plotCurve(
  head: CurveHead,
  points: readonly CurvePoint[],
  bytesPerToken: number,
  title: string,
): string {
  const training = points.map(({ step }, i): [number, number] => {
    const window = points.slice(Math.max(0, i - 9), i + 1);
    return [step, window.reduce((sum, { loss }) => sum + loss, 0) / window.length / Math.LN2 / bytesPerToken];
  });
  const heldOut: [number, number][] = [[0, head.untrainedBitsPerByte]];
  for (const { step, heldOutBitsPerByte } of points)
    if (heldOutBitsPerByte !== undefined) heldOut.push([step, heldOutBitsPerByte]);
  const values = [...training, ...heldOut].map(([, value]) => value);
  const yTicks = ticks(Math.min(...values, head.unigramBitsPerByte) * 0.97, Math.max(...values) * 1.02, 6);
  const xTicks = ticks(0, points.at(-1)?.step ?? 1, 8);
  const [yLow, yHigh] = [yTicks[0], yTicks.at(-1)!];
  const xHigh = Math.max(points.at(-1)?.step ?? 1, 1);
  const x = (step: number): number => round(MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * step) / xHigh);
  const y = (value: number): number =>
    round(HEIGHT - MARGIN.bottom - ((HEIGHT - MARGIN.top - MARGIN.bottom) * (value - yLow)) / (yHigh - yLow));
  const path = (series: readonly [number, number][]): string =>
    series.map(([step, value], i) => `${i ? 'L' : 'M'}${x(step)} ${y(value)}`).join('');
  const last = heldOut.at(-1)!;
  const legend: [string, string][] = [
    [COLOURS.training, 'training (mean of 10 steps)'],
    [COLOURS.heldOut, `held-out documents: ${last[1].toFixed(3)}`],
    [COLOURS.unigram, `unigram: ${head.unigramBitsPerByte.toFixed(3)}`],
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">
<style>.ink{fill:#24292f}.grid{stroke:#d0d7de;stroke-width:.6}.paper{fill:#fff}@media(prefers-color-scheme:dark){.ink{fill:#e6edf3}.grid{stroke:#3d444d}.paper{fill:#0d1117}}</style>
<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>
<text class="ink" x="${MARGIN.left}" y="18" font-size="14" font-weight="600">${escaped(title)}</text>
${legend.map(([colour, text], i) => `<rect x="${MARGIN.left + i * 220}" y="28" width="14" height="3" fill="${colour}"/><text class="ink" x="${MARGIN.left + 20 + i * 220}" y="33">${text}</text>`).join('\n')}
${yTicks.map((value) => `<path class="grid" d="M${MARGIN.left} ${y(value)}H${WIDTH - MARGIN.right}"/><text class="ink" x="${MARGIN.left - 8}" y="${y(value) + 4}" text-anchor="end">${format(value)}</text>`).join('\n')}
${xTicks
  .filter((step) => step <= xHigh)
  .map(
    (step) =>
      `<text class="ink" x="${x(step)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${format(step)}</text>`,
  )
  .join('\n')}
<text class="ink" x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end">step</text>
<text class="ink" x="14" y="${MARGIN.top + 8}" transform="rotate(-90 14 ${MARGIN.top + 8})" text-anchor="end">bits per byte</text>
<path d="M${MARGIN.left} ${y(head.unigramBitsPerByte)}H${WIDTH - MARGIN.right}" stroke="${COLOURS.unigram}" stroke-width="1.5" stroke-dasharray="5 4"/>
<path d="${path(training)}" fill="none" stroke="${COLOURS.training}" stroke-width="1.5" stroke-linejoin="round"/>
<path d="${path(heldOut)}" fill="none" stroke="${COLOURS.heldOut}" stroke-width="2"/>
${heldOut.map(([step, value]) => `<circle cx="${x(step)}" cy="${y(value)}" r="3" fill="${COLOURS.heldOut}"/>`).join('')}
</svg>
`;
}

/** About `count` round numbers from at most `low` to at least `high`. */
function ticks(low: number, high: number, count: number): number[] {
  const rough = Math.max(high - low, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const round = (value: number): number => Math.round(value * 10) / 10;
const format = (value: number): string => String(Number(value.toPrecision(6)));
const escaped = (text: string): string => text.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
