/** What the page shows of a run: figures, curve, samples, files, faults. */
import type { ToolkitErrorFields } from '../../crawlers/shell/errors.ts';
import { formatBytes, formatCount, formatSeconds } from '../../crawlers/shell/reporter.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { CurveHead, CurvePoint } from '../record/curve.ts';
import { plotCurve } from '../record/plot.ts';
import { type Comparison, passagesText } from '../score/bits-per-byte.ts';
import { documentsOf, type Estimate, FEW_DOCUMENTS, isFew, withError } from '../score/estimate.ts';
import { textFacts } from '../score/held-out.ts';
import { element, figures, find } from './elements.ts';
import type { RunEvent, RunFile } from './messages.ts';

type Of<Name extends RunEvent['event']> = Extract<RunEvent, { event: Name }>;

/** Samples that stay on the page. */
const SAMPLES = 20;
/** Pixels below which a chart's title is short. */
const NARROW = 460;

let head: CurveHead | undefined;
let points: CurvePoint[] = [];
let steps = 1;
let speed = 0;
let heldOut: Estimate | undefined;
let isOver = false;
const urls: string[] = [];

export function showAdapter({ name, vendor, architecture, kind, features }: AdapterFacts): void {
  const known = [vendor, architecture].filter(Boolean).join(' ');
  const label = name === 'unnamed adapter' ? known || name : known ? `${name} (${known})` : name;
  const what = kind === 'gpu' ? '' : ', a software driver: small models only';
  const half = features.includes('shader-f16') ? ', f16' : '';
  find('adapter').textContent = `WebGPU: ${label}${half}${what}`;
}

export function clearRun(stepCount: number): void {
  [head, points, steps, speed, heldOut, isOver] = [undefined, [], stepCount, 0, undefined, false];
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
  find('progress', HTMLProgressElement).value = 0;
  find('problem').hidden = true;
  find('files').hidden = true;
  find('sources').hidden = true;
  for (const id of ['now', 'samples']) find(id).replaceChildren();
}

export function showDoing(what: string): void {
  find('doing').textContent = what;
}

export function showHead({ head: given, loader }: Of<'head'>): void {
  head = given;
  showDoing(`training; batches come from a loader ${loader}`);
  drawSoon();
}

export function showStep(point: CurvePoint): void {
  points.push(point);
  speed = speed === 0 ? point.tokensPerSecond : 0.9 * speed + 0.1 * point.tokensPerSecond;
  const { heldOutBitsPerByte: bitsPerByte, heldOutStandardError: standardError } = point;
  if (bitsPerByte != null) heldOut = { bitsPerByte, standardError };
  drawSoon();
}

function showNow(): void {
  const point = points.at(-1);
  if (!head || !point) return;
  find('progress', HTMLProgressElement).value = point.step / steps;
  const eta = ((steps - point.step) * head.tokensPerStep) / speed;
  const { unigramBitsPerByte: unigram, heldOut: text } = head;
  find('now').replaceChildren(
    ...figures({
      Step: `${formatCount(point.step)} / ${formatCount(steps)}`,
      'Loss, nats a token': point.loss.toFixed(4),
      'Held-out bits/byte': withError(
        heldOut ?? { bitsPerByte: head.untrainedBitsPerByte, standardError: head.untrainedStandardError },
      ),
      'Unigram bits/byte': withError({ bitsPerByte: unigram, standardError: head.unigramStandardError }),
      'Held-out documents': `${formatCount(text!.documents)} (effective ${text!.effectiveDocuments.toFixed(1)})`,
      'Tokens/s': formatCount(Math.round(speed)),
      'Data wait': `${point.dataWaitMs.toFixed(1)} ms`,
      'Time left': isOver ? '–' : formatSeconds(eta),
      'GPU memory': formatBytes(point.memoryBytes ?? 0),
    }),
  );
}

let drawing = false;

/** At most four times a second, and less often where drawing takes long. */
function drawSoon(): void {
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    const started = performance.now();
    draw();
    setTimeout(
      () => {
        drawing = false;
        if (drawn !== points.length) drawSoon();
      },
      Math.max(250, 10 * (performance.now() - started)),
    );
  }, 0);
}

let drawn = -1;

export function draw(): void {
  showNow();
  if (!head) return;
  drawn = points.length;
  const chart = find('chart');
  const width = Math.max(300, Math.round(chart.clientWidth));
  const size = { width, height: Math.round(Math.min(400, Math.max(280, width * 0.55))) };
  const perStep = width < NARROW ? '' : `, ${formatCount(head.tokensPerStep)} tokens a step`;
  const title = `${formatCount(head.parameters)} parameters${perStep}`;
  chart.innerHTML = plotCurve({ name: '', head, heads: [head], points }, title, 'steps', size);
}

export function showSample({ step, prompt, text }: Of<'sample'>): void {
  const continued = element('p', { lang: 'vi' }, element('b', {}, prompt), text.replace(/\ufffd+$/, ''));
  const samples = find('samples');
  samples.prepend(element('li', {}, element('span', { class: 'step' }, `step ${formatCount(step)}`), continued));
  while (samples.children.length > SAMPLES) samples.lastChild!.remove();
}

export function showFinished({ step, stopped, figures, files }: Of<'finished'>): void {
  isOver = true;
  draw();
  showDoing(stopped ? `stopped behind step ${formatCount(step)}` : `done: ${formatCount(step)} steps`);
  showFiles(files);
  if (figures) showFigures(figures);
}

function showFiles(files: readonly RunFile[]): void {
  const list = find('files');
  list.replaceChildren(
    ...files.map(({ name, what, blob }) => {
      const url = URL.createObjectURL(blob);
      urls.push(url);
      const facts = element('small', {}, ` ${formatBytes(blob.size)}, ${what}`);
      return element('span', {}, element('a', { href: url, download: name }, name), facts);
    }),
  );
  list.hidden = false;
}

function showFigures(figures: Comparison): void {
  const { bitsPerByte, unigramBitsPerByte, unigramStandardError, bytes, passages, sources, text } = figures;
  const row = (name: 'th' | 'td', cells: readonly string[]) =>
    element('tr', {}, ...cells.map((cell) => element(name, {}, cell)));
  const shareOf = (one: number, other: number): string => (one / other).toFixed(3);
  const unigram = { bitsPerByte: unigramBitsPerByte, standardError: unigramStandardError };
  const ofSources = sources.map((one) =>
    row('td', [
      `${one.source}${isFew(one) ? ` * ${documentsOf(one)}` : `, ${documentsOf(one)}`}`,
      withError(one),
      one.unigramBitsPerByte.toFixed(4),
      shareOf(one.bitsPerByte, one.unigramBitsPerByte),
    ]),
  );
  const table = element(
    'table',
    {},
    row('th', [`held out: ${textFacts(text!)}`, 'bits per byte', 'unigram', 'of it']),
    row('td', ['in all', withError(figures), withError(unigram), shareOf(bitsPerByte, unigramBitsPerByte)]),
    ...(bytes
      ? [
          row('td', [
            `byte 5-gram of ${formatBytes(bytes.trainBytes)} of the training text`,
            ...[withError(bytes), '', `trained is ${shareOf(bitsPerByte, bytes.bitsPerByte)} of it`],
          ]),
        ]
      : []),
    ...ofSources,
  );
  const few = sources.some(isFew) ? `* fewer than ${FEW_DOCUMENTS} effective documents: says little` : undefined;
  const stands = passages && `words that stand in the training text, in runs of 13, 50: ${passagesText(passages)}`;
  find('sources').replaceChildren(table, ...[few, stands].flatMap((line) => (line ? [element('p', {}, line)] : [])));
  find('sources').hidden = false;
}

export function showProblem({ code, message, hint }: ToolkitErrorFields): void {
  const problem = find('problem');
  problem.replaceChildren(
    element('p', {}, element('strong', {}, code), ` ${message}`),
    ...(hint ? [element('p', { class: 'quiet' }, hint)] : []),
  );
  problem.hidden = false;
  problem.scrollIntoView({ block: 'nearest' });
}
