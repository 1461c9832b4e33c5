/** Lines over axes as a self-contained SVG that reads in light and dark. */
export type Point = readonly [x: number, y: number];

export interface Series {
  /** Entry of the legend; none without a name. */
  readonly name?: string;
  readonly colour: string;
  readonly points: readonly Point[];
  readonly width?: number;
  readonly opacity?: number;
  readonly dashed?: boolean;
  readonly dots?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Powers of ten at equal distances. */
  readonly logX?: boolean;
  /** In pixels of the text's size: a narrow chart has fewer ticks and more lines of legend. */
  readonly size?: ChartSize;
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** Told apart on white and on black, also by eyes that see no red or no green: dark and light alternate. */
export const COLOURS = [
  '#3b82c4',
  '#d9692b',
  '#2f9e6e',
  '#9a6fd0',
  '#d1495b',
  '#1f9aa8',
  '#a08a1f',
  '#7a8288',
] as const;

const SIZE: ChartSize = { width: 760, height: 390 };
const TICK_DISTANCE = 84;
const LEGEND_LINE = 17;
const CHARACTER = 6.3;
const STYLE =
  '.ink{fill:#24292f}.grid{stroke:#d0d7de;stroke-width:.6}.axis{stroke:#6e7781;stroke-width:1}.paper{fill:#fff}' +
  '@media(prefers-color-scheme:dark){.ink{fill:#e6edf3}.grid{stroke:#30363d}.axis{stroke:#8b949e}.paper{fill:#0d1117}}';

export function chartSvg({ title, xLabel, yLabel, series, logX = false, size = SIZE }: Chart): string {
  const { width, height } = size;
  const legend = legendOf(series, width);
  const margin = { left: 62, right: 24, top: 34 + legend.lines * LEGEND_LINE, bottom: 48 };
  const points = series.flatMap((one) => one.points).filter((point) => point.every(Number.isFinite));
  const across = (value: number): number => (logX ? Math.log10(value) : value);
  const [xLow, xHigh] = extent(points.map(([x]) => across(x)));
  const [yFrom, yTo] = extent(points.map(([, y]) => y));
  const yTicks = ticks(yFrom, yTo, 6);
  const [yLow, yHigh] = [yTicks[0], yTicks.at(-1)!];
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const x = (value: number): number =>
    round(margin.left + ((right - margin.left) * (across(value) - xLow)) / (xHigh - xLow));
  const y = (value: number): number => round(bottom - ((bottom - margin.top) * (value - yLow)) / (yHigh - yLow));
  const xTicks = (
    logX ? decades(xLow, xHigh) : ticks(xLow, xHigh, Math.round((right - margin.left) / TICK_DISTANCE))
  ).filter((value) => across(value) >= xLow - 1e-9 && across(value) <= xHigh + 1e-9);
  const text = (content: string, at: string): string => `<text class="ink" ${at}>${escaped(content)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect class="paper" width="${width}" height="${height}"/>
${text(title, `x="${margin.left}" y="20" font-size="14" font-weight="600"`)}
${legend.entries.map(({ name, colour, left, line, dashed }) => `<path d="M${margin.left + left} ${34 + line * LEGEND_LINE}h16" stroke="${colour}" stroke-width="3"${dashed ? ' stroke-dasharray="4 3"' : ''}/>${text(name, `x="${margin.left + left + 21}" y="${38 + line * LEGEND_LINE}"`)}`).join('\n')}
${yTicks.map((value) => `<path class="grid" d="M${margin.left} ${y(value)}H${right}"/>${text(format(value), `x="${margin.left - 8}" y="${y(value) + 4}" text-anchor="end"`)}`).join('\n')}
${xTicks.map((value) => `<path class="axis" d="M${x(value)} ${bottom}v4"/>${text(format(value), `x="${x(value)}" y="${bottom + 18}" text-anchor="middle"`)}`).join('\n')}
<path class="axis" d="M${margin.left} ${bottom}H${right}"/>
${text(xLabel, `x="${(margin.left + right) / 2}" y="${height - 10}" text-anchor="middle"`)}
${text(yLabel, `x="14" y="${(margin.top + bottom) / 2}" transform="rotate(-90 14 ${(margin.top + bottom) / 2})" text-anchor="middle"`)}
${series.map((one) => drawn(one, x, y)).join('\n')}
</svg>
`;
}

function drawn({ colour, points, width = 1.5, opacity = 1, dashed, dots }: Series, x: Scale, y: Scale): string {
  const whole = points.filter((point) => point.every(Number.isFinite));
  const line = whole.map(([at, value], i) => `${i ? 'L' : 'M'}${x(at)} ${y(value)}`).join('');
  const circles = dots
    ? whole.map(([at, value]) => `<circle cx="${x(at)}" cy="${y(value)}" r="2.6" fill="${colour}"/>`)
    : [];
  return `<path d="${line}" fill="none" stroke="${colour}" stroke-width="${width}"${opacity < 1 ? ` stroke-opacity="${opacity}"` : ''}${dashed ? ' stroke-dasharray="5 4"' : ''} stroke-linejoin="round"/>${circles.join('')}`;
}

type Scale = (value: number) => number;

/** Entries in lines, by an estimate of their width. */
function legendOf(series: readonly Series[], chartWidth: number) {
  let [left, line] = [0, 0];
  const entries = series.flatMap(({ name, colour, dashed }) => {
    if (name === undefined) return [];
    const width = 40 + name.length * CHARACTER;
    if (left > 0 && left + width > chartWidth - 90) [left, line] = [0, line + 1];
    left += width;
    return [{ name, colour, dashed, line, left: left - width }];
  });
  return { entries, lines: entries.length > 0 ? line + 1 : 0 };
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}

/** About `count` round numbers from at most `low` to at least `high`. */
function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const decades = (low: number, high: number): number[] =>
  Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => 10 ** (Math.ceil(low) + i));

const round = (value: number): number => Math.round(value * 10) / 10;
const UNITS = { G: 1e9, M: 1e6, k: 1e3 };
/** 0.0001 as 1e-4; 1500 as 1.5k, 12000000 as 12M. */
function format(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential().replace('+', '');
  const [unit, size] = Object.entries(UNITS).find(([, size]) => Math.abs(value) >= size) ?? ['', 1];
  return `${Number((value / size).toPrecision(6))}${unit}`;
}
const escaped = (text: string): string => text.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
