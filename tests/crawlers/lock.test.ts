/** The lock of a folder, with real processes: who is kept out, what a dead holder leaves, file systems without locks. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heartbeatLocking } from '../../crawlers/shell/heartbeat.ts';
import { self } from '../../crawlers/shell/holder.ts';
import { holding, lockFolder, shareFolder } from '../../crawlers/shell/lock.ts';
import { range, temporaryFolder, thrownBy } from '../support.ts';

const LIBRARY = resolve('dist/crawlers/shell/lock.js');
const BUSY = { code: 'FOLDER_LOCKED', exitStatus: 75 };

let dir: string;
let out: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = temporaryFolder();
  out = join(dir, 'out');
  mkdirSync(join(out, 'crawl'), { recursive: true });
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child, 'SIGKILL');
});

function node(script: string, args: readonly string[], before: readonly string[] = [], env = {}): ChildProcess {
  const line = [...before, process.execPath, '--input-type=module', '-e', script, ...args];
  const child = spawn(line[0], line.slice(1), { cwd: dir, env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return '';
  let text = '';
  child.stdout!.on('data', (chunk) => (text += chunk));
  const end = new Promise<void>((done) => child.on('close', () => done()));
  if (signal) child.kill(signal);
  await end;
  return text;
}

/** A process that holds a folder until it is ended. */
async function holder(use: 'lockFolder' | 'shareFolder', folder: string, before?: readonly string[]) {
  const script = `
    const { ${use} } = await import(process.argv[1]);
    const letGo = ${use}(process.argv[2]);
    process.on('SIGTERM', () => { letGo(); process.exit(); });
    setInterval(() => {}, 1000);
    console.log('held');`;
  const child = node(script, [LIBRARY, folder], before);
  let error = '';
  child.stderr!.on('data', (chunk) => (error += chunk));
  await new Promise<void>((done, fail) => {
    child.stdout!.once('data', () => done());
    child.once('close', () => fail(new Error(error)));
  });
  return child;
}

const locks = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('vua.lock'));

it('of many processes at once one holds it, also over folders above and below, links and kills', async () => {
  symlinkSync('out', join(dir, 'link'));
  const script = `
    import { mkdirSync, rmdirSync } from 'node:fs';
    const [library, seed, ...folders] = process.argv.slice(1);
    const { lockFolder } = await import(library);
    let state = Number(seed);
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    for (let i = 0; i < 25; i++) {
      let letGo;
      try {
        letGo = lockFolder(folders[Math.floor(random() * folders.length)]);
      } catch (error) {
        console.log(error.code);
        continue;
      }
      try {
        mkdirSync('witness'); // whoever finds it there is not alone
        console.log('held');
      } catch {
        console.log('twice');
      }
      await pause(random() * 8);
      rmdirSync('witness');
      if (random() < 0.04) process.kill(process.pid, 'SIGKILL');
      letGo();
      await pause(random() * 8);
    }`;
  const folders = [out, join(out, 'crawl'), join(dir, 'link', 'crawl'), 'out'];
  const said = await Promise.all(
    range(8).map((i) => ended(node(script, [LIBRARY, String((i + 1) * 7919), ...folders]))),
  );
  const words = said.join('').trim().split('\n');
  expect(new Set(words)).toEqual(new Set(words.includes('FOLDER_LOCKED') ? ['held', 'FOLDER_LOCKED'] : ['held']));
  expect(words.filter((word) => word === 'held').length).toBeGreaterThan(50);
  lockFolder(out)();
  expect(locks(dir)).toEqual([]);
});

it.each([
  ['out', 'out'],
  ['out', 'out/crawl'],
  ['out/crawl', 'out'],
  ['out', 'link/crawl'],
  ['link', 'out/crawl'],
  ['out/model/a', 'link'],
  ['out', 'out/elsewhere'],
  ['elsewhere', 'out'],
])('who holds %s keeps out who wants %s', async (held, wanted) => {
  symlinkSync('out', join(dir, 'link'));
  mkdirSync(join(dir, 'elsewhere'));
  symlinkSync(join(dir, 'elsewhere'), join(out, 'elsewhere'));
  const child = await holder('lockFolder', held);
  const error = await thrownBy(() => lockFolder(relative(process.cwd(), join(dir, wanted))));
  expect(error).toMatchObject({ ...BUSY, message: expect.stringContaining(`pid ${child.pid} on host ${hostname()}`) });
  expect(error.message).toMatch(/since \d{4}-\d\d-\d\dT/);
  expect(error.hint).not.toMatch(/kill|delete|remove|rm /);
  await ended(child, 'SIGTERM');
  lockFolder(join(dir, wanted))();
  expect(locks(dir)).toEqual([]);
});

it('folders beside each other do not mind, and a process may work below what it holds', async () => {
  await holder('lockFolder', 'out/crawl');
  lockFolder(join(out, 'documents'))();
  const letGo = lockFolder(join(dir, 'mine'));
  await holding(join(dir, 'mine', 'tokens'), [join(dir, 'mine')], async () => {
    expect(() => lockFolder(join(dir, 'mine'))).toThrow(expect.objectContaining(BUSY));
  });
  letGo();
  expect(existsSync(join(dir, 'mine'))).toBe(false);
});

describe('a dead holder', () => {
  it.each(['lockFolder', 'shareFolder'] as const)('of %s stops nobody, and leaves nothing', async (use) => {
    await ended(await holder(use, out), 'SIGKILL');
    expect(locks(out).length).toBeGreaterThan(1);
    lockFolder(out)();
    expect(locks(out)).toEqual([]);
  });

  it.each(['out/crawl', 'out'])('in %s is cleared away by who works above or below', async (where) => {
    await ended(await holder('lockFolder', where), 'SIGKILL');
    lockFolder(where === 'out' ? join(out, 'crawl') : out)();
    expect(locks(dir)).toEqual([]);
  });

  it.each([
    ['the pid of a living stranger', 'vua.lock', () => String(process.ppid)],
    ['text', 'vua.lock.db', () => 'no database'.repeat(100)],
    ['nothing', 'vua.lock.db', () => ''],
    ['what the first version left', `vua.lock.${process.ppid}`, () => String(process.ppid)],
  ])('may have left %s in %s', (_what, name, text) => {
    writeFileSync(join(out, name), text());
    lockFolder(out)();
    expect(locks(out)).toEqual([]);
  });
});

it('a copy of a folder that is held is free; one that took its place is not harmed', async () => {
  const child = await holder('lockFolder', out);
  cpSync(out, join(dir, 'copy'), { recursive: true });
  lockFolder(join(dir, 'copy'))();
  expect(locks(join(dir, 'copy'))).toEqual([]);
  rmSync(out, { recursive: true });
  const letGo = lockFolder(out);
  await ended(child, 'SIGTERM');
  expect(locks(out)).toEqual(['vua.lock', 'vua.lock.db']);
  expect(JSON.parse(readFileSync(join(out, 'vua.lock'), 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  letGo();
});

it('many may read a folder: nobody writes there meanwhile, nor reads what is being written', async () => {
  const [one, two] = [await holder('shareFolder', out), await holder('shareFolder', 'out')];
  shareFolder(out)();
  const refused = () => thrownBy(() => lockFolder(out));
  await ended(one, 'SIGKILL');
  expect(await refused()).toMatchObject({ ...BUSY, message: expect.stringContaining(`pid ${two.pid} on host`) });
  lockFolder(dir)(); // of what is above, the part that is read is refused when its turn comes
  await ended(two, 'SIGTERM');
  const writer = await holder('lockFolder', out);
  expect(() => shareFolder(out)).toThrow(expect.objectContaining(BUSY));
  await ended(writer, 'SIGTERM');
  expect(locks(out)).toEqual([]);
});

it.each(['https://example.org/tokens', '/proc/self', 'none', 'package.json'])('%s is read without a lock', (place) => {
  shareFolder(place)();
  expect(existsSync('none')).toBe(false);
});

it('two PID namespaces, as two containers with one volume: one holds it', async (context) => {
  const unshare = ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child'];
  if (spawnSync(unshare[0], [...unshare.slice(1), 'true']).status !== 0)
    context.skip('unshare --pid is not allowed here');
  await holder('lockFolder', out, unshare);
  const script = `(await import(process.argv[1])).lockFolder(process.argv[2])`;
  const second = node(script, [LIBRARY, join(out, 'crawl')], unshare);
  let error = '';
  second.stderr!.on('data', (chunk) => (error += chunk));
  await ended(second);
  expect(error).toMatch(/FOLDER_LOCKED/);
  expect(error).toMatch(/pid 1 of another PID namespace on host/);
});

describe('a file system without locks', () => {
  it.for([
    ['grants them to everyone', 'return 0'],
    ['has none (ENOLCK)', 'errno = ENOLCK; return -1'],
  ])('is found when it %s', ([, answer], context) => {
    const [source, library] = [join(dir, 'fcntl.c'), join(dir, 'fcntl.so')];
    const wrapped = (name: string) => `int ${name}(int file, int command, ...) {
      va_list more; va_start(more, command); void *argument = va_arg(more, void *); va_end(more);
      if (command == F_SETLK || command == F_SETLKW) { ${answer}; }
      static int (*real)(int, int, ...); if (!real) real = dlsym(RTLD_NEXT, "${name}");
      return real(file, command, argument); }`;
    const head =
      '#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <fcntl.h>\n#include <stdarg.h>\n';
    writeFileSync(source, `${head}${wrapped('fcntl')}\n${wrapped('fcntl64')}\n`);
    if (spawnSync('cc', ['--version']).error) context.skip('no C compiler');
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    const script = `
      const [library, token] = process.argv.slice(1);
      const { hasKernelLocks } = await import(library);
      console.log(hasKernelLocks('out', { token }));`;
    const tried = (env: object) =>
      spawnSync(
        process.execPath,
        ['--input-type=module', '-e', script, LIBRARY.replace('lock.js', 'kernel-lock.js'), 't'],
        {
          cwd: dir,
          env: { ...process.env, ...env },
          encoding: 'utf8',
        },
      );
    expect(tried({}).stdout).toBe('true\n');
    expect(tried({ LD_PRELOAD: library }).stdout).toBe('false\n');
    expect(readdirSync(out)).toEqual(['crawl']);
  });

  it('has heartbeats: fresh ones keep others out, one of ten minutes ago is dead', () => {
    const { take, isWritten } = heartbeatLocking;
    const age = (name: string, minutes: number) => {
      const time = Date.now() / 1000 - minutes * 60;
      utimesSync(join(out, name), time, time);
    };
    const letGo = take(out, 'write', self())!;
    expect(isWritten(out)).toBe(true);
    age('vua.lock', 9);
    expect(take(out, 'write', self())).toBeUndefined();
    expect(take(out, 'read', self())).toBeUndefined();
    age('vua.lock', 11);
    const next = take(out, 'write', self())!;
    letGo(); // too late: it is no longer its own
    expect(take(out, 'write', self())).toBeUndefined();
    next();

    const readers = [take(out, 'read', self())!, take(out, 'read', self())!];
    expect(take(out, 'write', self())).toBeUndefined();
    for (const reader of readers) reader();
    take(out, 'write', self())!();
    writeFileSync(join(out, 'vua.lock'), '');
    age('vua.lock', 11);
    expect(isWritten(out)).toBe(false);
    expect(locks(out)).toEqual([]);
  });
});
