/** What stands around a night: it waits for its folder, tells who asked, and leaves history and metrics. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { lockFolder } from '../../crawlers/shell/lock.ts';
import { runOptions, settingsOf } from '../../nightly.ts';
import { attend } from '../../shards/nights/attend.ts';
import { type NightLine, nightsOf, readHistory, writeHistory } from '../../shards/nights/history.ts';
import type { NightLog } from '../../shards/nights/night-log.ts';
import { predict } from '../../shards/nights/predict.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';

const settings = (given: object) => settingsOf(runOptions.parse(given));
/** One line of Prometheus' text format: a name, labels, a number. */
const SAMPLE = /^[a-z_:][a-z0-9_:]*(\{[a-z_]+="(\\.|[^"\\\n])*"(,[a-z_]+="(\\.|[^"\\\n])*")*\})? -?[\d.e+-]+$/;

async function hook() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(request.url === '/bad' ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

it('a night that a gate holds is told to addresses and commands, with the gate; a hook that fails is a note', async () => {
  const out = temporaryFolder();
  const web = await hook();
  const path = join(temporaryFolder(), 'told.json');
  const onFailure = [
    `${web.url}/ok`,
    `${web.url}/bad`,
    `cat > '${path}'; echo "$VUA_STATUS $VUA_GATE" >> '${path}'`,
    'exit 3',
  ];
  const heard = context();
  const hold = async (log: NightLog): Promise<number> => {
    const finding = {
      gate: 'language',
      measurement: 'm',
      value: 0.8,
      limit: 0.2,
      nights: 1,
      of: '8 of 10 pages',
      passes: false,
    };
    log.gates = [finding, { ...finding, gate: 'rows', passes: true }];
    log.isHeld = true;
    return 4;
  };
  expect(await attend(settings({ out, onFailure }), heard, hold)).toBe(4);
  web.close();
  expect(web.bodies).toHaveLength(2);
  const told = JSON.parse(web.bodies[0]);
  expect(told).toMatchObject({ event: 'run_failed', status: 4, says: 'held by a gate', gates: ['language'], out });
  expect(told.text).toContain('language: 0.8 (8 of 10 pages), at most 0.2');
  const [body, short] = readFileSync(path, 'utf8')
    .trim()
    .split(/\n(?=\d)|(?<=\})(?=\d)/);
  expect([JSON.parse(body).status, short]).toEqual([4, '4 language']);
  expect(heard.err.join('')).toMatch(/--on-failure 127\.0\.0\.1:\d+: it answered 500/);
  expect(heard.err.join('')).toContain('--on-failure exit 3: it ended with 3');
});

it.each([0, 5, 99, 130])('status %s is told to nobody', async (status) => {
  const [out, path] = [temporaryFolder(), join(temporaryFolder(), 'told')];
  expect(await attend(settings({ out, onFailure: [`touch '${path}'`] }), context(), async () => status)).toBe(status);
  expect(existsSync(path)).toBe(false);
  expect(nightsOf(readHistory(out)).map((night) => night.status)).toEqual([status]);
});

it('an error ends the night as it is, in its line of history and in metrics that Prometheus reads', async () => {
  const out = temporaryFolder();
  const metricsFile = join(temporaryFolder(), 'vựa "1"', 'vua.prom');
  const fail = async (log: NightLog): Promise<number> => {
    await log.timed(
      'crawl',
      async () => 1,
      () => ({ fetched: 12 }),
    );
    throw new ToolkitError({ code: 'NO_ADAPTER', message: 'none\nhere' });
  };
  await expect(attend(settings({ out, metricsFile }), context(), async () => 0)).resolves.toBe(0);
  const error = await thrownBy(() => attend(settings({ out, metricsFile }), context(), fail));
  expect(error.code).toBe('NO_ADAPTER');
  expect(nightsOf(readHistory(out)).at(-1)).toMatchObject({
    status: 1,
    error: { code: 'NO_ADAPTER' },
    stations: { crawl: { fetched: 12 } },
  });
  const lines = readFileSync(metricsFile, 'utf8').trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('# ') && !SAMPLE.test(line))).toEqual([]);
  expect(lines).toContain(`vua_run_exit_status{out="${out}"} 1`);
  const series = lines.map((line) => line.replace(/ \S+$/, '')).filter((line) => !line.startsWith('# '));
  expect(series.length).toBe(new Set(series).size);
  expect(series.filter((each) => !each.includes(`out="${out}"`))).toEqual([]);
  expect(lines).toContain(`vua_station_count{out="${out}",station="crawl",count="fetched"} 12`);
  expect(lines.find((line) => line.startsWith('vua_last_success_timestamp_seconds{'))).toBeDefined();
});

it('metrics are there while the run works, on this machine', async () => {
  const out = temporaryFolder();
  const web = await hook(); // gives a port that is free
  const metricsPort = Number(new URL(web.url).port);
  web.close();
  await setTimeout(50);
  const status = await attend(settings({ out, metricsPort }), context(), async (log, { report }) => {
    log.station = 'model';
    report.stage('train', 'steps', 500).update(120);
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(text).toContain(`vua_run_in_progress{out="${out}"} 1\n`);
    expect(text).toContain(`vua_stage_done{out="${out}",stage="train",unit="steps"} 120\n`);
    return 0;
  });
  expect(status).toBe(0);
});

it('waits for a busy folder as long as it was told; one that it could not have, it leaves alone', async () => {
  const out = temporaryFolder();
  const metricsFile = join(out, 'vua.prom');
  const letGo = lockFolder(out);
  let hasRun = false;
  const night = async (): Promise<number> => {
    hasRun = true;
    return 0;
  };
  const busy = await thrownBy(() => attend(settings({ out, metricsFile }), context(), night));
  expect([busy.code, busy.exitStatus, hasRun, readHistory(out), existsSync(metricsFile)]).toEqual([
    'FOLDER_LOCKED',
    75,
    false,
    [],
    false,
  ]);
  const heard = context();
  void setTimeout(300).then(letGo);
  expect(await attend(settings({ out, wait: 1 }), heard, night)).toBe(0);
  expect(heard.err.join('')).toContain('waits up to 1 minutes');
});

it('a line that a power cut tore is passed over', () => {
  const out = temporaryFolder();
  writeHistory(out, { event: 'accepted', time: '2026-05-01T00:00:00.000Z', run: 'a' });
  writeFileSync(join(out, 'history.jsonl'), `${readFileSync(join(out, 'history.jsonl'), 'utf8')}{"event":"night","ti`);
  expect(readHistory(out)).toHaveLength(1);
});

it('predicts what the middle of the last nights did, without those that did nothing', () => {
  const night = (fetched: number, status = 0): NightLine => ({
    ...{ event: 'night', time: '2026-05-01T00:00:00.000Z', run: 'a', version: '1', seconds: 1, status },
    stations: { crawl: { seconds: fetched, fetched, receivedBytes: 1000 * fetched }, clean: { seconds: 60 } },
  });
  const nights = [night(9000), ...range(7).map((i) => night(100 + i)), night(0, 99)];
  const said = predict(settings({ seed: ['http://a.vua.test/'], until: 'clean' }), nights);
  expect(said).toMatchObject({
    nights: 7,
    pages: 103,
    bytes: 103_000,
    maxPages: 10_000,
    seconds: { crawl: 103, clean: 60 },
  });
  expect(said.minutes).toBeCloseTo(163 / 60, 6);
  expect(predict(settings({ seed: ['x'], maxPages: 50 }), nights).pages).toBe(50);
  expect(predict(settings({ seed: ['x'] }), []).minutes).toBeUndefined();
});
