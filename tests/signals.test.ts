/** Signals to the real program: it finishes what is in hand, leaves valid state, no lock and no open debugger; 130. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyCrawl } from '../crawlers/verify.ts';
import { verify } from '../shards/verify/verify.ts';
import { verifyModel } from '../trainer/record/verify.ts';
import { page, startWeb, type TestWeb } from './crawlers/web.ts';
import { context, range, temporaryFolder } from './support.ts';
import { makeTokens } from './trainer/support.ts';

const MAIN = resolve('dist/main.js');
const folder = temporaryFolder('file');

let web: TestWeb;
/** Command lines that would go on for minutes, without --out. */
const LINES: Record<string, string[]> = {};
/** What each has told on stderr when it is in the middle of its work. */
const WORKING: Record<string, RegExp> = {
  crawl: /"stage":"crawl","done":[1-9]/,
  clean: /"stage":"clean","done":[1-9]/,
  train: /"stage":"train","done":[1-9]/,
};
beforeAll(async () => {
  const links = range(3000).map((n) => `/${n}`);
  web = await startWeb({ 'a.vua.test': { '/': page(...links), ...Object.fromEntries(links.map((l) => [l, page()])) } });
  const connectTo = Object.entries(web.connectTo).map(([host, target]) => `${host}=${target}`);
  const delay = ['--delay-ms', '100', '--allow-address', '127.0.0.1'];
  LINES.crawl = ['crawl', '--seed', 'http://a.vua.test/', '--connect-to', ...connectTo, ...delay];

  const input = join(folder, 'input.jsonl');
  const text = (n: number) => `Sáng nay trời mưa, cả nhà ngồi bên bếp lửa nghe bà kể chuyện số ${n}. `.repeat(12);
  writeFileSync(
    input,
    range(20_000)
      .map((id) => JSON.stringify({ id, text: text(id) }))
      .join('\n'),
  );
  LINES.clean = ['clean', '--input', input, '--workers', '1', '--shard-bytes', '2000000'];

  const size = ['--depth', '1', '--width', '64', '--context', '32', '--batch', '2', '--steps', '1000000'];
  const never = ['--evaluate-every', '1000000', '--checkpoint-every', '1000000', '--evaluate-tokens', '200'];
  LINES.train = ['train', '--tokens', await makeTokens(), ...size, ...never];
});
afterAll(async () => {
  await web.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      answer(true);
    });
    socket.on('error', () => answer(false));
  });

async function start(command: string, out: string) {
  const port = await freePort();
  const child = spawn(process.execPath, [`--inspect-port=${port}`, MAIN, ...LINES[command], '--out', out, '--json']);
  let [said, told] = ['', ''];
  child.stdout.on('data', (chunk) => (told += chunk));
  const working = new Promise<void>((go, fail) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (WORKING[command].test(said)) go();
    });
    child.once('close', () => fail(new Error(said)));
  });
  const end = once(child, 'close').then(([status]) => ({ status: status as number | null, said, told }));
  await working;
  return { child, end, port };
}

it.each([
  ['crawl', 'SIGHUP'],
  ['clean', 'SIGUSR2'],
  ['train', 'SIGUSR1'],
] as const)('%s ends on %s with 130, what it did is whole, no lock and no debugger', async (command, signal) => {
  const out = temporaryFolder();
  const { child, end, port } = await start(command, out);
  child.kill(signal);
  const debugged = await isOpen(port);
  const { status, said, told } = await end;
  expect([status, debugged]).toEqual([130, false]);
  expect(said).toContain('stopping after the work in hand');
  expect(said).not.toMatch(/Debugger|"event":"error"/);
  expect(told).not.toBe('');
  expect(readdirSync(out).filter((name) => name.includes('lock'))).toEqual([]);
  const { faults, ...counts } = await verify(out, context(), [verifyCrawl, verifyModel]);
  expect(faults.filter(({ file }) => !file.endsWith('tokenizer.json'))).toEqual([]); // makeTokens has none
  expect(counts.records + counts.rejects + counts.checkpoints).toBeGreaterThan(0);
});

it('a second signal of any kind ends it at once', async () => {
  const out = temporaryFolder();
  const { child, end } = await start('clean', out);
  for (const signal of ['SIGSTOP', 'SIGUSR1', 'SIGHUP', 'SIGCONT'] as const) child.kill(signal);
  const { status, told } = await end;
  expect([status, told]).toEqual([130, '']);
  expect(readdirSync(out).filter((name) => name.includes('lock'))).toEqual([]);
});
