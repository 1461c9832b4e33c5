/** How commands speak: what a log can bear, and what a terminal must not obey. */
import { afterEach, expect, it, vi } from 'vitest';
import { visible } from '../../crawlers/shell/errors.ts';
import { createReporter, logLine, type ReporterOptions } from '../../crawlers/shell/reporter.ts';

afterEach(() => void vi.useRealTimers());

const ESCAPES = ['\x1b[2J', '\x1b]0;title\x07', '\x9b31m', '\r', '\b\b', '\x7f', '\u202egnp', '\u2066', '\x00'];

function heard(options: ReporterOptions, isTTY = false) {
  const [out, err]: string[][] = [[], []];
  const streams = [out, err].map((lines) => ({ isTTY, write: (text: string) => lines.push(text) }));
  return { report: createReporter(options, streams[0], streams[1]), out, err };
}

it.each([true, false])('escapes of data reach no terminal (terminal: %s)', (isTTY) => {
  for (const json of [true, false]) {
    const { report, out, err } = heard({ json }, isTTY);
    const data = `tin ${ESCAPES.join('|')} mới\n\tđủ`;
    report.note(data);
    report.result(data, { event: 'x', data });
    const progress = report.stage('clean', 'pages');
    progress.update(1, { host: data });
    progress.finish({ host: data });
    const ours = isTTY && !json ? '\r\x1b[J' : '\0\0';
    const said = [...out, ...err].join('').replaceAll(ours, '');
    expect(said).not.toMatch(/[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/u);
    expect(said).toContain('mới');
    if (json) expect(JSON.parse(out[0]).data).toBe(data);
  }
  expect(visible('Hà Nội\n\tđẹp 👩‍👩‍👧')).toBe('Hà Nội\n\tđẹp 👩‍👩‍👧');
});

it('what another program wants to the byte goes to it as it is, to a terminal visible', () => {
  const text = 'a\r\nb';
  for (const [isTTY, written] of [
    [false, 'a\r\nb\n'],
    [true, 'a\\u{d}\nb\n'],
  ] as const) {
    const { report, out } = heard({ json: false }, isTTY);
    report.result(text, { event: 'decoded' }, 'exact');
    expect(out).toEqual([written]);
  }
});

it('a line of a log has time, level, run and version, on a terminal with --log-json', () => {
  const labels = { run: '0a1b2c3d', version: '0.1.0' };
  const { report, err, out } = heard({ json: false, logJson: true, labels }, true);
  report.note('xin chào');
  report.result('một', { event: 'x' });
  const { time, ...line } = JSON.parse(err[0]);
  expect(line).toEqual({ level: 'info', ...labels, event: 'note', text: 'xin chào' });
  expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  expect(out).toEqual(['một\n']);
  expect(JSON.parse(logLine({ event: 'error' }, labels, 'error')).level).toBe('error');
});

it('a night of eight hours is some hundred lines of progress, its first minute a dozen', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { report, err } = heard({ json: false });
  const progress = report.stage('train', 'steps', 100_000);
  const at: number[] = [];
  for (let second = 1; second <= 8 * 3600; second++) {
    vi.advanceTimersByTime(1000);
    progress.update(second);
    while (at.length < err.length) at.push(second);
  }
  expect(at.filter((second) => second <= 60).length).toBeGreaterThan(12);
  expect(at.length).toBeLessThan(600);
  expect(at.at(-1)! - at.at(-2)!).toBe(60);
});

it('lines below the live one are written over by whatever comes next; a pipe has none of them', () => {
  const { report, err } = heard({ json: false }, true);
  const progress = report.stage('crawl', 'pages');
  progress.update(1, {}, () => ['  budget', '  hosts']);
  report.note('chậm');
  expect(err[0]!.startsWith('\r\x1b[Jcrawl ')).toBe(true);
  expect(err[0]!.endsWith('\n  budget\n  hosts\x1b[2A')).toBe(true);
  expect(err[1]).toBe('\r\x1b[Jchậm\n');
  const piped = heard({ json: false });
  piped.report.stage('crawl', 'pages').update(1, {}, () => {
    throw new Error('asked for');
  });
  expect(piped.err.map((line) => JSON.parse(line).event)).toEqual(['start', 'progress']);
});

it('knows whether it has spoken in JSON lines: an error behind them is one', () => {
  for (const [isTTY, isLogging] of [
    [true, false],
    [false, true],
  ] as const) {
    const { report } = heard({ json: false }, isTTY);
    expect(report.isLogging).toBe(false);
    report.note('x');
    expect(report.isLogging).toBe(isLogging);
  }
});
