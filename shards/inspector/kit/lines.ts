/** Curves over steps or days, drawn by uPlot (25 kB): values under the pointer in the legend, a logarithmic axis by a button. */
import type uPlot from 'uplot';
import type { Kit, LineChart } from '../view.ts';
import { el } from './dom.ts';

const HEIGHT = 260;
const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const resolved = (name: string): string => {
  const probe = el('i', {});
  probe.style.color = color(name);
  document.body.append(probe);
  const { color: found } = getComputedStyle(probe);
  probe.remove();
  return found;
};

export const lines: Kit['lines'] = (given) => {
  let chart = given;
  const place = el('figure', { class: 'lines', role: 'img', 'aria-label': chart.title });
  let isLog = chart.isLog ?? false;
  let plot: uPlot | undefined;
  const button = el(
    'button',
    { type: 'button', class: 'plain', 'aria-pressed': String(isLog), onclick: toggle },
    'log',
  );
  const figure = el(
    'div',
    { class: 'lines-box' },
    el('div', { class: 'lines-head' }, el('h3', {}, chart.title), button),
    place,
  );
  function toggle(): void {
    isLog = !isLog;
    button.setAttribute('aria-pressed', String(isLog));
    void render();
  }
  async function render(): Promise<void> {
    const { default: Plot } = await import('uplot'); // when there is a curve
    plot?.destroy();
    const width = place.clientWidth;
    if (width === 0) return;
    plot = new Plot(optionsOf(chart, isLog, width), dataOf(chart) as uPlot.AlignedData, place);
  }
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    requestAnimationFrame(() => void render());
  }).observe(place);
  addEventListener('themechange', () => place.isConnected && void render());
  return Object.assign(figure, {
    update(next: LineChart) {
      chart = next;
      if (plot === undefined) void render();
      else plot.setData(dataOf(chart) as uPlot.AlignedData);
    },
  });
};

/** One axis for all: where a series has no value, none is drawn. */
function dataOf({ series }: LineChart): (number | null)[][] {
  const xs = [...new Set(series.flatMap(({ x }) => [...x]))].sort((a, b) => a - b);
  const columns = series.map(({ x, y }) => {
    const values = new Map(x.map((at, i) => [at, y[i]]));
    return xs.map((at) => values.get(at) ?? null);
  });
  return [xs, ...columns];
}

function optionsOf({ x, series, unit }: LineChart, isLog: boolean, width: number): uPlot.Options {
  const [ink, quiet, line, paper] = ['--ink', '--quiet', '--line', '--paper'].map(resolved);
  const hues = ['--hue-1', '--hue-2', '--hue-3', '--hue-4', '--hue-5', '--hue-6'].map(resolved);
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const round = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(5))));
  const moments = momentsIn(document.documentElement.lang);
  return {
    ...{ width, height: HEIGHT },
    scales: { x: { time: x.isTime ?? false }, y: isLog ? { distr: 3 } : {} },
    axes: [
      x.isTime ? { ...axis, space: 90, values: (_: uPlot, at: number[]) => moments.axis(at) } : axis,
      { ...axis, size: 56, label: unit, labelFont: font, labelSize: unit ? 18 : 0 },
    ],
    cursor: { points: { size: 7 }, drag: { x: true, y: false } },
    legend: { live: true },
    series: [
      { label: x.name, value: (_: uPlot, value: number | null) => (x.isTime ? moments.whole(value) : round(value)) },
      ...series.map(({ name, isDashed, isStrong, x: at }, i) => ({
        label: name,
        stroke: hues[i % hues.length] || ink,
        width: isStrong ? 2.5 : 1.5,
        spanGaps: true,
        points: { show: at.length < 40, fill: paper },
        ...(isDashed && { dash: [5, 4] }),
        value: (_: uPlot, value: number | null) => round(value),
      })),
    ],
  };
}

/** Seconds as people of a language write days and hours. */
function momentsIn(language: string) {
  const locale = language === 'vi' ? 'vi-VN' : 'en-GB';
  const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'numeric' });
  const year = new Intl.DateTimeFormat(locale, { month: 'numeric', year: 'numeric' });
  const hour = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const [DAY, MONTH] = [86_400, 27 * 86_400];
  return {
    whole: (at: number | null): string => (at === null ? '–' : whole.format(1000 * at)),
    /** A day where it is another than that of the one before. */
    axis(all: readonly number[]): string[] {
      const step = all.length > 1 ? all[1] - all[0] : DAY;
      if (step >= MONTH) return all.map((at) => year.format(1000 * at));
      const days = all.map((at) => day.format(1000 * at));
      if (step >= DAY) return days;
      return all.map((at, i) => (days[i] === days[i - 1] ? '' : `${days[i]} `) + hour.format(1000 * at));
    },
  };
}
