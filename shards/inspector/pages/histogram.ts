/** A histogram that filters: the selection before the whole folder, a click or a drag chooses a range. */
import type { Histogram } from '../bins.ts';
import type { Kit } from '../view.ts';

const [WIDTH, HEIGHT] = [240, 64];

/** @param choose is given a range as an address has it, or `undefined` to take it back */
export function histogram(
  { measurement, edges, all, selected, isLog, min, max, median, count }: Histogram,
  kit: Kit,
  chosen: string | null,
  choose: (range: string | undefined) => void,
): HTMLElement {
  const { el, svg, say, figure } = kit;
  const bins = all.length;
  const most = Math.max(1, ...all);
  const mostSelected = Math.max(1, ...selected);
  const isWhole = all.every((n, i) => n === selected[i]);
  // A selection of a few would be a line of dots before the whole: it has a scale of its own, and the ghost says so.
  const width = WIDTH / Math.max(8, bins);
  const bar = (name: string, n: number, i: number, top: number): SVGElement => {
    const height = n === 0 ? 0 : Math.max(1.5, (n / top) * HEIGHT);
    return svg('rect', {
      class: name,
      x: i * width + 0.4,
      y: HEIGHT - height,
      width: Math.max(0.6, width - 0.8),
      height,
    });
  };
  const hits = all.map((_, i) =>
    svg('rect', { class: 'hit', x: i * width, y: 0, width, height: HEIGHT, 'data-bin': i }),
  );
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    ...all.map((n, i) => bar('ghost', n, i, most)),
    ...selected.map((n, i) => bar('bar', n, i, isWhole ? most : mostSelected)),
    ...hits,
  );
  const note = el('output', { class: 'note' });
  const rest = count === 0 ? say('not measured', 'chưa đo') : `${say('median', 'trung vị')} ${figure(median)}`;
  note.textContent = rest;
  const told = (i: number): string =>
    `${figure(edges[i])}–${figure(edges[i + 1])}: ${kit.count(selected[i])}${isWhole ? '' : ` / ${kit.count(all[i])}`}`;
  const rangeOf = (a: number, b: number): string => `${a === 0 ? '' : edges[a]}..${b === bins - 1 ? '' : edges[b + 1]}`;
  const pick = (a: number, b: number): void => {
    const range = rangeOf(Math.min(a, b), Math.max(a, b));
    choose(range === chosen || range === '..' ? undefined : range);
  };
  let at = 0;
  let from: number | undefined;
  const show = (i: number): void => {
    at = i;
    note.textContent = told(i);
    place.setAttribute('aria-valuenow', String(i));
    place.setAttribute('aria-valuetext', told(i));
    hits.forEach(
      (hit, j) => void hit.classList.toggle('at', i === j || (from !== undefined && (j - from) * (j - i) <= 0)),
    );
  };
  const binAt = ({ target }: Event): number | undefined => {
    const bin = (target as SVGElement).dataset?.bin;
    return bin === undefined ? undefined : Number(bin);
  };
  const place = el(
    'div',
    {
      class: 'bins',
      role: 'slider',
      tabindex: 0,
      'aria-label': measurement,
      'aria-valuemin': 0,
      'aria-valuemax': Math.max(0, bins - 1),
      'aria-valuenow': 0,
      'aria-valuetext': rest,
      onpointermove: (event) => {
        const bin = binAt(event);
        if (bin !== undefined) show(bin);
      },
      onpointerleave: () => {
        from = undefined;
        note.textContent = rest;
        for (const hit of hits) hit.classList.remove('at');
      },
      onpointerdown: (event) => {
        from = binAt(event);
      },
      onpointerup: (event) => {
        const bin = binAt(event);
        if (bin !== undefined && from !== undefined) pick(from, bin);
        from = undefined;
      },
      onkeydown: (event) => {
        const { key } = event as KeyboardEvent;
        if (key === 'ArrowRight') show(Math.min(bins - 1, at + 1));
        else if (key === 'ArrowLeft') show(Math.max(0, at - 1));
        else if (key === 'Enter') pick(at, at);
        else return;
        event.preventDefault();
      },
    },
    drawing as unknown as Node,
  );
  place.id = `bins-${measurement}`;
  return el(
    'figure',
    { class: `histogram${chosen === null ? '' : ' chosen'}` },
    el('figcaption', {}, el('code', {}, measurement), note),
    bins === 0 ? el('p', { class: 'quiet' }, say('not measured', 'chưa đo')) : place,
    el(
      'div',
      { class: 'ends' },
      el('span', {}, figure(min)),
      el('span', {}, isLog ? 'log' : ''),
      el('span', {}, figure(max)),
    ),
  );
}
