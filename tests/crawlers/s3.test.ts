/** Objects behind the S3 protocol: what servers answer that is wrong, and a real server (versitygw) with kills. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3Get, s3List, s3Place, s3Put, s3Range } from '../../crawlers/shell/s3.ts';
import { pull, push } from '../../crawlers/shell/s3-files.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { folderTransport, transportAt } from '../../trainer/elastic/transport.ts';
import { collect, context, temporaryFolder, thrownBy } from '../support.ts';
import { makeTokens } from '../trainer/support.ts';

const opened: Server[] = [];
const listening = (answer: RequestListener): Promise<string> =>
  new Promise((up) => {
    const server = createServer(answer).listen(0, '127.0.0.1', () => {
      up(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
    opened.push(server);
  });

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'vua');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secretsecret');
  vi.stubEnv('AWS_REGION', 'eu-north-1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const fault = (code: string, message = code, more = ''): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;

/** Answers one after the other, the last one again and again. @returns the requests that came */
async function answering(
  ...answers: readonly { status?: number; headers?: Record<string, string>; body?: string; cut?: boolean }[]
): Promise<IncomingMessage[]> {
  const came: IncomingMessage[] = [];
  const url = await listening((request, response) => {
    const { status = 200, headers = {}, body = '', cut } = answers[Math.min(came.push(request), answers.length) - 1];
    request.resume();
    response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
    if (cut) response.write(body.slice(0, 2), () => response.destroy());
    else response.end(body);
  });
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  return came;
}

describe('what is not as it should be', () => {
  it('is asked for again: SlowDown, a body that was cut', async () => {
    const slow = { status: 503, headers: { 'retry-after': '0' }, body: fault('SlowDown') };
    const came = await answering(slow, slow, { body: 'whole', cut: true }, { body: 'whole' });
    expect(Buffer.from((await s3Get('s3://bucket/key'))!).toString()).toBe('whole');
    expect(came.length).toBe(4);
  });

  it('is put right: another region, a clock that is wrong', async () => {
    const came = await answering(
      { status: 301, headers: { 'x-amz-bucket-region': 'ap-southeast-1' }, body: fault('PermanentRedirect') },
      { status: 403, headers: { date: 'Tue, 05 Jan 2027 10:00:00 GMT' }, body: fault('RequestTimeTooSkewed') },
      { body: 'whole' },
    );
    await s3Get('s3://moved/key');
    expect(came.map(({ headers }) => /\/(\d{8})\/([\w-]+)\/s3/.exec(headers.authorization!)?.[2])).toEqual([
      'eu-north-1',
      'ap-southeast-1',
      'ap-southeast-1',
    ]);
    expect(came[2].headers['x-amz-date']).toMatch(/^20270105T10000\dZ$/);
    await answering(
      { status: 403, headers: { date: new Date().toUTCString() }, body: fault('RequestTimeTooSkewed') },
      { body: 'whole' },
    );
    await s3Get('s3://moved/key'); // the clock is right again
  });

  it.each([
    ['NoSuchBucket', 404, 'BAD_ADDRESS', 2, /there is no bucket bucket at http/],
    ['NoSuchKey', 404, 'BAD_ADDRESS', 2, /is not there/],
    ['SignatureDoesNotMatch', 403, 'REQUEST_FAILED', 2, /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/s],
    ['ExpiredToken', 400, 'REQUEST_FAILED', 2, /AWS_SESSION_TOKEN/],
    ['AccessDenied', 403, 'REQUEST_FAILED', 2, /may the key vua do this/],
  ])('is said: %s', async (code, status, expected, exit, message) => {
    await answering({ status, body: fault(code) });
    const error = await thrownBy(() => s3List('s3://bucket/prefix'));
    expect([error.code, error.exitStatus]).toEqual([expected, exit]);
    expect(`${error.message} ${error.hint}`).toMatch(message);
  });

  it('is said: no credentials, an object that was replaced, an address that is none', async () => {
    await answering({ status: 412 });
    expect((await thrownBy(() => s3Range('s3://bucket/key', 0, 5, 'old'))).message).toMatch(/was replaced/);
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    const came = await answering({ status: 403, body: fault('AccessDenied') });
    expect((await thrownBy(() => s3Get('s3://bucket/key'))).hint).toMatch(/^give AWS_ACCESS_KEY_ID/);
    expect(came[0].headers.authorization).toBeUndefined();
    for (const where of ['s3://', 's3://B/key', 's3://bucket/../x', 's3://a'])
      expect((await thrownBy(() => s3Place(where))).code, where).toBe('BAD_ADDRESS');
  });
});

/** Built by `go install github.com/versity/versitygw/cmd/versitygw@v1.0.14`. */
const places = [join(homedir(), 'go/bin'), ...(process.env.PATH ?? '').split(delimiter)];
const versitygw = process.env.VUA_VERSITYGW ?? places.map((dir) => join(dir, 'versitygw')).find(existsSync);

describe.skipIf(versitygw === undefined)('versitygw, a real server (on PATH, in ~/go/bin or VUA_VERSITYGW)', () => {
  let server: ChildProcess;
  let endpoint: string;
  beforeAll(async () => {
    const root = temporaryFolder('file');
    for (const name of ['data/corpus', 'side']) mkdirSync(join(root, name), { recursive: true });
    const free = createServer();
    const port = await new Promise<number>((up) =>
      free.listen(0, '127.0.0.1', () => up((free.address() as AddressInfo).port)),
    );
    await new Promise((closed) => free.close(closed));
    const flags = [
      '--access',
      'vua',
      '--secret',
      'secretsecret',
      '-q',
      '-p',
      `127.0.0.1:${port}`,
      '--region',
      'eu-north-1',
    ];
    server = spawn(versitygw!, [...flags, 'posix', '--sidecar', join(root, 'side'), join(root, 'data')], {
      stdio: 'ignore',
    });
    endpoint = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 300; tries++) {
      if (
        await fetch(endpoint).then(
          () => true,
          () => false,
        )
      )
        break;
      await new Promise((wait) => setTimeout(wait, 100));
    }
  });
  afterAll(() => void server.kill());
  beforeEach(() => void vi.stubEnv('AWS_ENDPOINT_URL', endpoint));

  const NAMES = ['Hà Nội/phố cổ.txt', "a+b c (1)'!*~.txt", 'Hà Nội.txt'.normalize('NFD'), 'leer', 'manifest.json'];

  it('gives back what it was given, under every name, and is given nothing twice', async () => {
    const [from, to] = [temporaryFolder(), temporaryFolder()];
    for (const name of NAMES) {
      mkdirSync(dirname(join(from, name)), { recursive: true });
      writeFileSync(join(from, name), name === 'leer' ? '' : `this is ${name}`);
    }
    const count = { files: NAMES.length, parts: 0 };
    expect(await push(from, 's3://corpus/names', context())).toMatchObject({
      outcome: 'written',
      report: { ...count, same: 0 },
    });
    expect(await push(from, 's3://corpus/names', context())).toMatchObject({
      outcome: 'nothing_new',
      report: { ...count, same: NAMES.length },
    });
    expect((await s3List('s3://corpus/names/')).map(({ key }) => key.slice(6)).sort()).toEqual([...NAMES].sort());
    expect((await pull('s3://corpus/names', to, context())).report).toMatchObject(count);
    for (const name of NAMES) expect(readFileSync(join(to, name))).toEqual(readFileSync(join(from, name)));
    writeFileSync(join(to, NAMES[0]), 'this is Hà Nội/phố mới');
    expect((await pull('s3://corpus/names', to, context())).report.same).toBe(NAMES.length - 1);
  });

  it('goes on where a kill -9 ended a push and a pull, and refuses wrong bytes', async () => {
    const [from, to] = [temporaryFolder(), temporaryFolder()];
    const bytes = randomBytes(60 * 2 ** 20);
    writeFileSync(join(from, 'large.bin'), bytes);
    const kill = async (args: readonly string[], when: (child: ChildProcess) => Promise<unknown>): Promise<void> => {
      const env = { ...process.env, AWS_ENDPOINT_URL: endpoint };
      const child = spawn(process.execPath, [resolve('dist/main.js'), ...args], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = new Promise((end) => child.on('close', end));
      await when(child);
      child.kill('SIGKILL');
      await ended;
    };
    const until = async (is: () => boolean): Promise<void> => {
      while (!is()) await new Promise((wait) => setTimeout(wait, 2));
    };
    await kill(
      ['push', from, '--to', 's3://corpus/large', '--log-json'],
      (child) =>
        new Promise((heard) =>
          child.stderr!.on('data', (text) => /"done":(?!0\b)/.test(String(text)) && heard(undefined)),
        ),
    );
    expect((await s3List('s3://corpus/large')).length).toBe(0); // nothing half done is seen
    expect((await push(from, 's3://corpus/large', context())).report.parts).toBeGreaterThan(0);
    const partial = (): string | undefined => readdirSync(to).find((name) => name.endsWith('.partial'));
    await kill(['pull', 's3://corpus/large', '--out', to], () =>
      until(() => partial() !== undefined && statSync(join(to, partial()!)).size > 9 * 2 ** 20),
    );
    expect(readdirSync(to).filter((name) => !name.startsWith('.'))).toEqual([]);
    expect((await pull('s3://corpus/large', to, context())).report.parts).toBeGreaterThan(0);
    expect(readFileSync(join(to, 'large.bin')).equals(bytes)).toBe(true);
    await s3Put('s3://corpus/wrong/a.txt', new Uint8Array([1, 2, 3]), { 'vua-sha256': '0'.repeat(64) });
    const error = await thrownBy(() => pull('s3://corpus/wrong', to, context()));
    expect(error.message).toMatch(/a\.txt: SHA-256 .*, expected 0{64}/);
    expect(readdirSync(to)).toEqual(['large.bin']);
  });

  it('holds tokens that are read where they lie, and is where workers meet', async () => {
    const dir = await makeTokens();
    await push(dir, 's3://corpus/tokens', context());
    const [here, there] = [await openTokens(dir), await openTokens('s3://corpus/tokens')];
    const all = async ({ source }: typeof here) =>
      collect(
        (async function* () {
          const train = source('train');
          for (let i = 0; i < train.batchTokens.length; i++) yield await train.load(i);
        })(),
      );
    expect(await all(there)).toEqual(await all(here));
    for (const place of [transportAt('s3://corpus/meet'), folderTransport(temporaryFolder())]) {
      await place.put('rounds/1/plan.json', new Uint8Array([1]));
      await place.put('rounds/1/delta/a.bin', new Uint8Array([2]));
      expect(await place.list('rounds/')).toEqual(['rounds/1/delta/a.bin', 'rounds/1/plan.json']);
      await place.remove('rounds/1/');
      expect([await place.list('rounds/'), await place.get('rounds/1/plan.json')]).toEqual([[], undefined]);
    }
  });

  it('says why it refuses', async () => {
    const from = temporaryFolder();
    writeFileSync(join(from, 'a.txt'), 'a');
    const said = async (name: string, value: string, to = 's3://corpus/x'): Promise<string> => {
      vi.stubEnv(name, value);
      const { code, message, hint } = await thrownBy(() => push(from, to, context()));
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secretsecret')
        .stubEnv('AWS_ACCESS_KEY_ID', 'vua')
        .stubEnv('AWS_REGION', 'eu-north-1');
      return `${code} ${message} ${hint}`;
    };
    expect(await said('AWS_SECRET_ACCESS_KEY', 'wrong')).toMatch(
      /REQUEST_FAILED .*SignatureDoesNotMatch.* check AWS_ACCESS_KEY_ID/,
    );
    expect(await said('AWS_ACCESS_KEY_ID', 'nobody')).toMatch(/REQUEST_FAILED .* check AWS_ACCESS_KEY_ID/);
    expect(await said('AWS_REGION', 'us-west-2')).toMatch(/REQUEST_FAILED .* AWS_REGION/);
    expect(await said('AWS_REGION', 'eu-north-1', 's3://nowhere/x')).toMatch(/BAD_ADDRESS .*no bucket nowhere/);
  });
});
