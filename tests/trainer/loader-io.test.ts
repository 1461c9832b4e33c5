/** The loader over real folders: in a worker thread, over HTTP, and over damaged shards. */
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HttpOptions } from '../../shards/tokens/http.ts';
import { eachBatch, openTokens, reopenTokens, type TokenFolder } from '../../shards/tokens/source.ts';
import type { Batch } from '../../trainer/batch.ts';
import { type Loader, type LoaderPlan, openLoader } from '../../trainer/loader/loader.ts';
import { startLoaderThread } from '../../trainer/loader/loader-thread.ts';
import { openRing } from '../../trainer/loader/ring.ts';
import { RowSequence } from '../../trainer/loader/row-sequence.ts';
import { drawHeldOut } from '../../trainer/score/draw.ts';
import { heldOutOf } from '../../trainer/score/held-out.ts';
import { countByReading, countTokens } from '../../trainer/score/unigram.ts';
import { range } from '../support.ts';
import { makeTokens } from './support.ts';

const plan: LoaderPlan = {
  rows: 4,
  length: 16,
  paddedVocab: 320,
  seed: 5,
  layout: 'stream',
  maskDocuments: false,
};

let dir: string;
let folder: TokenFolder;
beforeAll(async () => {
  dir = await makeTokens(90, { shardTokens: 3000 }); // about 18 record batches in three training shards
  folder = await openTokens(dir);
});

async function take(loader: Loader, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) batches.push(structuredClone(await loader.next()));
  return batches;
}

/** Batches up to the error, and the error. */
async function takeUntilError(loader: Loader): Promise<{ batches: Batch[]; error: unknown }> {
  const batches: Batch[] = [];
  try {
    for (let i = 0; i < 200; i++) batches.push(structuredClone(await loader.next()));
  } catch (error) {
    return { batches, error };
  } finally {
    await loader.close();
  }
  throw new Error('no error');
}

const inProcess = (tokens = folder, change: Partial<LoaderPlan> = {}): Loader =>
  openLoader([tokens.source('train')], { ...plan, ...change });

it('draws from eight record batches of each folder at least, of many folders too, and counts what is too short', () => {
  const folders = Array.from({ length: 40 }, (_, n) => ({
    ...{ where: `${n}`, fingerprint: `f${n}`, batchTokens: [...Array.from({ length: 20 }, () => 64), 7] },
  }));
  const sequence = new RowSequence(folders, { length: 16, seed: 1, layout: 'stream' });
  expect(sequence.batchesOf(3, 0, 0).length).toBeGreaterThanOrEqual(7);
  expect(sequence.short).toEqual({ batches: 40, tokens: 280 });
});

describe('in a worker thread', () => {
  it('gives the batches of the same loader in this thread, also behind a state, packed and masked', async () => {
    const change = { layout: 'packed', maskDocuments: true } as const;
    const expected = await take(inProcess(folder, change), 200); // more than an epoch
    const ring = openRing([folder], { ...plan, ...change, state: expected[29].state }, startLoaderThread);
    expect(await take(ring, 170)).toEqual(expected.slice(30));
    expect(ring.sequence.shares(100)).toMatchObject([{ where: dir, given: 1 }]);
    await ring.close();
  });

  it('refuses the state of other rows before a thread is started', () => {
    const state = { fingerprint: 'other', seed: 5, epoch: 0, position: 0 };
    const start = () => expect.unreachable('a thread was started');
    expect(() => openRing([folder], { ...plan, state }, start)).toThrow(
      expect.objectContaining({ code: 'OTHER_TOKENS' }),
    );
  });

  it('says so when the thread ends by itself', async () => {
    const thread = { failure: Promise.reject(new Error('ended with status 7')), stop: async () => {} };
    const ring = openRing([folder], plan, () => thread);
    await expect(ring.next()).rejects.toThrow('ended with status 7');
  });
});

describe('damage', () => {
  /** The record batch that is read last in the first epoch, of the shard in the middle. */
  const damages: { name: string; harm: (path: string, at: number) => () => void; says: RegExp }[] = [
    {
      name: 'a flipped bit',
      harm: (path, at) => {
        const flip = (): void => {
          const bytes = readFileSync(path);
          bytes[at] ^= 4;
          writeFileSync(path, bytes);
        };
        flip();
        return flip;
      },
      says: /train-00001\.arrow: batch 2: checksum [0-9a-f]{16}, expected [0-9a-f]{16}/,
    },
    {
      name: 'another size',
      harm: (path) => {
        const bytes = readFileSync(path);
        truncateSync(path, 2000);
        return () => writeFileSync(path, bytes);
      },
      says: /train-00001\.arrow: 2000 bytes, expected \d+: it was cut/,
    },
    {
      name: 'a missing shard',
      harm: (path) => {
        renameSync(path, `${path}.away`);
        return () => renameSync(`${path}.away`, path);
      },
      says: /train-00001\.arrow: ENOENT/,
    },
  ];

  it.each(damages)('$name: every batch before it, then an error that names it', async ({ name, harm, says }) => {
    const whole = await take(inProcess(), 140);
    const shard = folder.manifest.shards[1];
    const restore = harm(join(dir, shard.file), shard.batches[2].offset + 100);
    try {
      const loader = name === 'a flipped bit' ? openRing([folder], plan, startLoaderThread) : inProcess();
      const { batches, error } = await takeUntilError(loader);
      expect(error).toMatchObject({ code: 'BAD_SHARD', message: expect.stringMatching(says), exitStatus: 2 });
      expect(batches).toEqual(whole.slice(0, batches.length));
      // The first batch that needs the damaged record batch is the one that is not there.
      const { sequence } = inProcess();
      const first = folder.manifest.shards[0].batches.length;
      const needs = range(whole.length * plan.rows).findIndex((number) => {
        const { batch } = sequence.at(number);
        const isIt =
          name === 'a flipped bit' ? batch === first + 2 : batch >= first && batch < first + shard.batches.length;
        return isIt;
      });
      expect(batches.length).toBe(Math.floor(needs / plan.rows));
    } finally {
      restore();
    }
  });
});

describe('over HTTP', () => {
  type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;
  let server: Server;
  let base: string;
  let requests: { url: string; range: string | undefined }[];
  /** What happens to the n-th request for a part of a shard; `undefined`: it is answered as it should be. */
  let troubles: (Answer | undefined)[];
  const options: HttpOptions = { firstDelayMs: 1, attempts: 4 };

  const partial: Answer = (request, response, bytes) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined) return void response.end(bytes);
    const range = `bytes ${first}-${last}/${bytes.length}`;
    response.writeHead(206, { 'content-range': range }).end(bytes.subarray(Number(first), Number(last) + 1));
  };

  beforeEach(async () => {
    requests = [];
    troubles = [];
    server = createServer((request, response) => {
      const url = request.url!;
      requests.push({ url, range: request.headers.range });
      try {
        const bytes = readFileSync(join(dir, url.replace('/tokens/', '')));
        const trouble = url.endsWith('.arrow') ? troubles.shift() : undefined;
        (trouble ?? partial)(request, response, bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tokens`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const status =
    (code: number, headers: Record<string, string> = {}): Answer =>
    (_request, response) =>
      void response.writeHead(code, headers).end('no');
  const breakOff: Answer = (request, response, bytes) => {
    const [, first, last] = /(\d+)-(\d+)/.exec(request.headers.range!)!;
    const range = `bytes ${first}-${last}/${bytes.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': String(Number(last) - Number(first) + 1) });
    response.write(bytes.subarray(Number(first), Number(first) + 10), () => response.destroy());
  };
  const short: Answer = (request, response, bytes) => {
    const [, first, last] = /(\d+)-(\d+)/.exec(request.headers.range!)!;
    const range = `bytes ${first}-${last}/${bytes.length}`;
    response.writeHead(206, { 'content-range': range }).end(bytes.subarray(0, 9));
  };

  it('the same batches as from the folder, in a thread and in this one, a record batch a request', async () => {
    const expected = await take(inProcess(), 140);
    const remote = await openTokens(base, options);
    expect(await take(inProcess(remote), 140)).toEqual(expected);
    const batches = folder.source('train').batchTokens.length;
    const ranges = requests.filter(({ range }) => range !== undefined);
    expect(ranges.length).toBe(batches);
    const ring = openRing([remote], plan, startLoaderThread);
    expect(await take(ring, 20)).toEqual(expected.slice(0, 20));
    await ring.close();
  });

  it('a start reads no token of the training split, and of held-out text what is evaluated', async () => {
    const remote = await openTokens(base, options);
    const drawn = await drawHeldOut(await heldOutOf([remote]), 600);
    const counted = await countTokens([remote]);
    for await (const _ of eachBatch(drawn.tokens));
    const asked = requests.filter(({ range }) => range !== undefined).map(({ url }) => url.split('/').at(-1)!);
    expect(asked.filter((url) => url.startsWith('counts-'))).toHaveLength(1);
    expect(asked.filter((url) => /^train.*\.arrow$/.test(url))).toEqual([]);
    const batches = asked.filter((url) => /^valid.*\.arrow$/.test(url)).length;
    // Windows are measured and read; nothing else of the split is.
    expect(batches).toBeLessThanOrEqual(2 * drawn.tokens.batchTokens.length);
    expect(counted).toEqual(await countByReading(folder.source('train')));
  });

  it('asks again for what passes: 503, 429 with Retry-After, a body that breaks off or is short', async () => {
    const expected = await take(inProcess(), 10);
    troubles = [status(503), status(429, { 'retry-after': '0' }), breakOff, short];
    expect(await take(inProcess(await openTokens(base, options)), 10)).toEqual(expected);
    expect(troubles).toEqual([]);
  });

  it.each<[string, Answer[], string, RegExp]>([
    ['is not there', [status(404)], 'BAD_SHARD', /train-0000\d\.arrow: batch \d: HTTP 404/],
    ['comes whole', [status(200)], 'BAD_SHARD', /HTTP 200, expected 206: the server ignores Range requests/],
    ['is shorter than asked for', [status(416)], 'BAD_SHARD', /HTTP 416: the file is shorter/],
    [
      'has another size',
      [(request, response, bytes) => partial(request, response, Buffer.concat([bytes, Buffer.alloc(8)]))],
      'BAD_SHARD',
      /train-0000\d\.arrow: \d+ bytes, expected \d+/,
    ],
    [
      'has other content',
      [(request, response, bytes) => partial(request, response, bytes.map((byte) => byte ^ 1) as Buffer)],
      'BAD_SHARD',
      /train-0000\d\.arrow: batch \d: checksum [0-9a-f]{16}, expected/,
    ],
    ['never comes', Array(4).fill(status(503)), 'REQUEST_FAILED', /batch \d: HTTP 503, after 4 attempts/],
  ])('a part that %s stops the loader', async (_name, answers, code, says) => {
    const remote = await reopenTokens(base, folder.manifest, options);
    troubles = [...answers];
    await expect(inProcess(remote, { rows: 1 }).next()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    });
    expect(requests.length).toBe(answers.length);
  });

  it('no manifest: says which address', async () => {
    await expect(openTokens(`${base}/nowhere`, options)).rejects.toMatchObject({
      code: 'BAD_SHARD',
      message: `${base}/nowhere/manifest.json: HTTP 404`,
    });
  });
});
