/**
 * A night as Prometheus reads it (text format 0.0.4): a file for node_exporter's textfile collector, replaced whole, and a
 * port of this machine while a run works. `metricsText` is a pure function of the night and of the history.
 */
import { createServer, type Server } from 'node:http';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { roomAt } from '../../crawlers/shell/folder.ts';
import { type HistoryLine, nightsOf, publishedNights } from './history.ts';
import type { NightLog } from './night-log.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number | undefined, labels?: Labels];

/** A family: its name without `vua_`, what it says, its values. All are gauges: of the last night, or of this one. */
type Family = readonly [name: string, help: string, samples: readonly Sample[]];

/** @param status of the run; `undefined` while it works */
export function metricsText(
  out: string,
  {
    run,
    version,
    begun,
    seconds,
    stations,
    progress,
    station,
    figures,
    gates,
    isHeld,
    bitsPerByte,
    verified,
  }: NightLog,
  history: readonly HistoryLine[],
  status?: number,
): string {
  const nights = nightsOf(history);
  const last = nights.findLast((night) => night.status === 0 || night.status === 5);
  const model = bitsPerByte ?? nights.findLast((night) => night.bitsPerByte !== undefined)?.bitsPerByte;
  const ofStations = Object.entries(stations).flatMap(([name, { seconds: _, ...counts }]) =>
    Object.entries(counts).map(([count, value]): Sample => [value, { station: name, count }]),
  );
  const families: readonly Family[] = [
    ['info', 'Version of the program and id of the run.', [[1, { version, run }]]],
    ['run_in_progress', 'Whether the run works now.', [[status === undefined ? 1 : 0]]],
    ['run_exit_status', 'How the run ended, as vua says it.', [[status]]],
    ['run_start_timestamp_seconds', 'When the run began.', [[begun.getTime() / 1000]]],
    ['run_duration_seconds', 'How long it has taken.', [[seconds]]],
    [
      'last_success_timestamp_seconds',
      'When the last run began that ended with 0 or 5, this one not counted.',
      [[last && Date.parse(last.time) / 1000]],
    ],
    ['nights_published', 'Nights whose new documents were published.', [[publishedNights(history).length]]],
    [
      'station_duration_seconds',
      'Time of each station of the run.',
      Object.entries(stations).map(([name, { seconds: taken }]): Sample => [taken, { station: name }]),
    ],
    ['station_in_progress', 'The station at work.', [[station && 1, { station: station ?? '' }]]],
    ['station_count', 'What each station did.', ofStations],
    [
      'stage_done',
      'How far each stage is, in its unit.',
      [...progress].map(([stage, { done, unit }]): Sample => [done, { stage, unit }]),
    ],
    [
      'stage_total',
      'What each stage has to do, where that is known.',
      [...progress].map(([stage, { total, unit }]): Sample => [total, { stage, unit }]),
    ],
    ['night_documents', 'Documents that the night kept.', [[figures?.documents]]],
    ['night_rejects', 'Pages that the night dropped.', [[figures?.rejects]]],
    ['night_bytes', 'Text of the documents that the night kept.', [[figures?.bytes]]],
    ['held', 'Whether a gate holds the night back.', [[isHeld ? 1 : 0]]],
    ['gate_value', 'Figure of the night.', (gates ?? []).map(({ gate, value }): Sample => [value, { gate }])],
    ['gate_limit', 'Where the gate closes.', (gates ?? []).map(({ gate, limit }): Sample => [limit, { gate }])],
    [
      'gate_passes',
      'Whether the gate lets the night through.',
      (gates ?? []).map(({ gate, passes }): Sample => [passes ? 1 : 0, { gate }]),
    ],
    ['verified_bytes', 'Of files that the night read back.', [[verified?.bytes]]],
    ['verified_faults', 'Damaged files among them.', [[verified?.faults]]],
    ['held_out_bits_per_byte', 'Of the model in force.', [[model]]],
    ['disk_free_bytes', 'Room in the file system of the folder.', [[roomAt(out)?.free]]],
  ];
  return families.map((family) => familyText(family, out)).join('');
}

/** Each series names its folder: a collector refuses two files with the same one. */
function familyText([name, help, samples]: Family, out: string): string {
  const lines = samples.flatMap(([value, labels = {}]) => {
    if (value === undefined || Number.isNaN(value)) return [];
    const pairs = Object.entries({ out, ...labels }).map(([label, text]) => `${label}="${escaped(text)}"`);
    return [`vua_${name}{${pairs.join(',')}} ${value}\n`];
  });
  if (lines.length === 0) return '';
  return `# HELP vua_${name} ${help}\n# TYPE vua_${name} gauge\n${lines.join('')}`;
}

const escaped = (text: string): string =>
  text.replace(/["\\\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));

/**
 * Answers `GET /metrics` on this machine alone, until it is closed.
 * @throws ToolkitError BAD_OPTION (exit 2) where the port is taken
 */
export async function serveMetrics(port: number, text: () => string): Promise<Server> {
  const server = createServer(({ url, method }, response) => {
    const isMetrics = url === '/metrics' && method === 'GET';
    response.writeHead(isMetrics ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(isMetrics ? text() : 'GET /metrics\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(badInput('BAD_OPTION', `--metrics-port ${port}: ${reasonOf(error)}`, 'choose another port', error));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref();
  return server;
}
