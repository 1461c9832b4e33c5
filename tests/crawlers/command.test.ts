/** `vua crawl` and its options, the folder it locks, files written whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command as Commander } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { crawlCommand } from '../../crawlers/commands/crawl.ts';
import {
  addCommand,
  defineCommand,
  INTERRUPTED,
  NOTHING_NEW,
  parseOptions,
  sayWhatIsAllowed,
} from '../../crawlers/shell/command.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { AtomicFile, makeFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { lockFolder } from '../../crawlers/shell/lock.ts';
import { context, temporaryFolder } from '../support.ts';
import { page, startWeb, type TestWeb } from './web.ts';

let out: string;
let web: TestWeb;
beforeEach(async () => {
  out = temporaryFolder();
  web = await startWeb({
    'a.vua.test': { '/': page('/2', '/3'), '/2': page() },
    'b.vua.test': { '/': { status: 503, headers: { 'retry-after': '7200' } } },
  });
});
afterEach(async () => {
  await web.close();
});

async function vuaCrawl(given: object, heard = context(true)) {
  const connectTo = Object.entries(web.connectTo).map(([host, target]) => `${host}=${target}`);
  const options = parseOptions(crawlCommand, { out, delayMs: 0, connectTo, ...given }, (key) => key);
  const status = await crawlCommand.run(options, heard);
  return { status, result: JSON.parse(heard.out.join('') || 'null') };
}

it('reports, and says 99 when there is nothing new', async () => {
  expect(await vuaCrawl({ seed: ['http://a.vua.test/'] })).toEqual({
    status: 0,
    result: {
      event: 'crawled',
      fetched: 2,
      unchanged: 0,
      redirect: 0,
      refused: 1,
      failed: 0,
      bytes: expect.any(Number),
      reasons: { http_404: 1 },
      waiting: 0,
      endedBy: 'nothing_due',
      spentHosts: [],
      requests: 6,
      receivedBytes: expect.any(Number),
      remaining: 0,
      closedPatterns: [],
      folder: { fetched: 2, redirect: 0, refused: 1, failed: 0, queued: 0 },
    },
  });
  const asked = web.requests.length;
  expect((await vuaCrawl({})).status).toBe(NOTHING_NEW);
  expect(web.requests.length).toBe(asked);
  expect(existsSync(join(out, 'vua.lock'))).toBe(false);
});

it('what waits for a later run is not "nothing new"', async () => {
  const { status, result } = await vuaCrawl({ seed: ['http://b.vua.test/'] });
  expect(status).toBe(0);
  expect(result).toMatchObject({ fetched: 0, failed: 0 });
});

it('says so when it was interrupted, and gives the folder back', async () => {
  const stopped = context(true);
  stopped.abort();
  const aborted = await vuaCrawl({ seed: ['http://a.vua.test/'] }, stopped);
  expect(aborted.status).toBe(INTERRUPTED);
  lockFolder(out)();
});

it('one crawl per folder', async () => {
  const release = lockFolder(out);
  await expect(vuaCrawl({ seed: ['http://a.vua.test/'] })).rejects.toMatchObject({ code: 'FOLDER_LOCKED' });
  release();
});

it('a lock of an earlier process is taken over, also one with the same pid', async () => {
  writeFileSync(join(out, 'vua.lock'), String(process.pid));
  await vuaCrawl({ seed: ['http://a.vua.test/'] });
  expect(existsSync(join(out, 'vua.lock'))).toBe(false);
});

it.each([
  ['BAD_CONNECT_TO', { connectTo: ['a.vua.test'] }],
  ['BAD_OPTION', { maxPages: 'many' }],
  ['BAD_OPTION', { depth: 3 }],
])('%s', async (code, given) => {
  await expect((async () => vuaCrawl({ seed: ['http://a.vua.test/'], ...given }))()).rejects.toMatchObject({
    code,
    exitStatus: 2,
  });
});

it.each(['file', 'file/below', '/proc/vua', '/proc/vua/below'])('%s cannot be a folder: said, and soon', (name) => {
  writeFileSync(join(out, 'file'), '');
  const error = expect.objectContaining({ code: 'UNWRITABLE_FOLDER', exitStatus: 2 });
  const dir = name.startsWith('/') ? name : join(out, name);
  for (const use of [makeFolder, lockFolder]) expect(() => use(dir)).toThrow(error);
  expect(() => writeFileAtomic(join(dir, 'x.json'), '{}')).toThrow(error);
});

it('a folder is no file to write', () => {
  mkdirSync(join(out, 'x.svg'));
  expect(() => writeFileAtomic(join(out, 'x.svg'), '')).toThrow(expect.objectContaining({ code: 'UNWRITABLE_FOLDER' }));
  expect(readdirSync(out)).toEqual(['x.svg']);
});

it.skipIf(!existsSync('/dev/full'))('a full disk: says of which file, leaves the old one and nothing else', () => {
  const path = join(out, 'x.json');
  writeFileAtomic(path, 'old');
  const temporary = join(out, 'x.tmp');
  symlinkSync('/dev/full', temporary);
  const file = new AtomicFile(path, { temporary });
  expect(() => file.write('new')).toThrow(
    expect.objectContaining({ code: 'WRITE_FAILED', message: expect.stringMatching(/x\.json: ENOSPC/) }),
  );
  expect(readdirSync(out)).toEqual(['x.json']);
  expect(readFileSync(path, 'utf8')).toBe('old');
});

it('a run that comes to nothing leaves no folder behind', async () => {
  const fresh = join(out, 'a', 'b');
  await expect(vuaCrawl({ out: fresh })).rejects.toMatchObject({ code: 'NO_SEEDS' });
  expect(readdirSync(out)).toEqual([]);
});

describe('options', () => {
  const options = z.object({
    steps: z.number().int().min(1).default(200).describe('optimizer steps'),
    share: z.number().gt(0).lt(1).optional().describe('share held out'),
    input: z.array(z.string()).default([]).describe('files'),
    resume: z.boolean().default(false).describe('go on'),
    adapter: z.enum(['auto', 'gpu']).default('auto').describe('adapter'),
    config: z.string().optional().describe('JSON file'),
  });
  /** What `vua go ARGS` hands to the command, or its error. */
  async function parsed(...args: string[]): Promise<unknown> {
    const program = sayWhatIsAllowed(new Commander('vua').configureOutput({ writeErr: () => {} }));
    const command = defineCommand({ name: 'go', summary: '', examples: [], options, run: async () => undefined });
    let result: unknown;
    addCommand(program, command, 'Test', async (_command, given) => {
      result = given;
    });
    try {
      await program.parseAsync(args, { from: 'user' });
    } catch (error) {
      return error instanceof ToolkitError ? `${error.code} ${error.message}` : error;
    }
    return result;
  }
  const given = (json: string): string => {
    writeFileSync(join(out, 'c.json'), json);
    return join(out, 'c.json');
  };

  it('numbers are read from flags and taken from the config', async () => {
    expect(await parsed('go', '--steps', '1e3', '--share', '.5')).toMatchObject({ steps: 1000, share: 0.5 });
    const config = given('{"steps": 300, "input": ["a"], "resume": true}');
    expect(await parsed('go', '--config', config)).toMatchObject({ steps: 300, input: ['a'], resume: true });
    expect(await parsed('go', '--config', config, '--steps', '7')).toMatchObject({ steps: 7 });
  });

  it.each([
    ['--steps', 'ten', '"ten": expected an integer ≥ 1'],
    ['--steps', '', '"": expected an integer ≥ 1'],
    ['--steps', '0x10', '"0x10": expected an integer ≥ 1'],
    ['--steps', '1.5', '1.5: expected an integer ≥ 1'],
    ['--share', '1', '1: expected a number > 0 and < 1'],
    ['--adapter', 'cpu', '"cpu": expected "auto"|"gpu"'],
    ['--input', '--resume', '"--resume", which is an option: expected a list of text'],
    ['--steps', '--resume', '"--resume", which is an option: expected an integer ≥ 1'],
  ])('%s "%s" is refused with what is allowed', async (flag, value, said) => {
    expect(await parsed('go', flag, value)).toBe(`BAD_OPTION go: ${flag} was given ${said}`);
  });

  it.each([
    ['{"steps": true}', 'steps was given true: expected an integer ≥ 1'],
    ['{"steps": null}', 'steps was given null: expected an integer ≥ 1'],
    ['{"steps": "300"}', 'steps was given "300": expected an integer ≥ 1'],
    ['{"steps": [300]}', 'steps was given [300]: expected an integer ≥ 1'],
    ['{"input": "a"}', 'input was given "a": expected a list of text'],
    ['{"resume": 1}', 'resume was given 1: expected true or false'],
    ['{"config": "b.json"}', 'unknown key config, allowed: steps, share, input, resume, adapter'],
  ])('config %s is refused with what is allowed', async (json, said) => {
    const config = given(json);
    expect(await parsed('go', '--config', config)).toBe(`BAD_OPTION ${config}: ${said}`);
  });

  it('a folder is no config', async () => {
    expect(await parsed('go', '--config', out)).toMatch(/^BAD_JSON .*: EISDIR/);
  });
});
