/**
 * A small night that is broken on purpose: a run folder of twelve pages, to which seven captures come, one of them an
 * opt-out. Whatever breaks it, the same command afterwards must give the folder that an undisturbed night gives.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { writeFault } from '../../crawlers/shell/folder.ts';
import { unattended } from '../../crawlers/shell/work.ts';
import { packMember } from '../../crawlers/warc/gzip.ts';
import { runCommand, runOptions } from '../../nightly.ts';
import { readRows } from '../../shards/documents/read.ts';
import { openTokens } from '../../shards/tokens/source.ts';

const sentence = (n: number): string =>
  `Người thứ ${n} kể rằng con sông chảy qua làng ${n * 7919} năm nay nước lên sớm hơn mọi năm, mùa gặt cũng đến sớm. `;

/** A capture as a gzip member. */
export function capture(n: number, { hour = 0, headers = '', version = 0 } = {}): Promise<Uint8Array> {
  const text = [0, 1000, 2000].map((more) => sentence(n + more + 10_000 * version)).join('');
  const body = `HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n${headers}\r\n<p>${text}</p>`;
  const fields = [
    'WARC/1.1',
    'WARC-Type: response',
    `WARC-Target-URI: http://a.test/${n}`,
    `WARC-Date: 2026-11-01T${String(hour).padStart(2, '0')}:00:00Z`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return packMember(Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body}\r\n\r\n`));
}

/** Arguments of the night, as flags and as options. */
export const ARGUMENTS = ['--model', 'never', '--vocab-size', '300', '--valid-share', '0.2', '--preset', 'keep-all'];
const options = (dir: string) =>
  runOptions.parse({
    ...{ input: [join(dir, 'in')], out: join(dir, 'out') },
    ...{ model: 'never', vocabSize: 300, validShare: 0.2, preset: 'keep-all', until: 'tokens' },
  });
export const argumentsIn = (dir: string): string[] => [
  ...['run', '--input', join(dir, 'in'), '--out', join(dir, 'out'), '--until', 'tokens'],
  ...ARGUMENTS,
];

/** One night here; its exit status. @throws ToolkitError as a person would be told */
export async function night(dir: string): Promise<number> {
  try {
    return (await runCommand.run(options(dir), unattended())) ?? 0;
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    const { path, dest = path } = (error ?? {}) as { path?: string; dest?: string };
    throw writeFault(dest ?? 'a file of this run', error) ?? error;
  }
}

/** What a folder holds, for comparison: rows, tokens, and the files that there are. */
export interface Held {
  readonly documents: string;
  readonly tokens: string;
  /** Bytes of all Arrow files of documents and tokens. */
  readonly bytes: string;
  readonly files: readonly string[];
}

/** What a reader sees; `none` where there is nothing yet. @throws ToolkitError */
export async function seen(dir: string): Promise<Pick<Held, 'documents' | 'tokens'>> {
  const [documents, tokens] = ['documents', 'tokens'].map((name) => join(dir, 'out', name));
  const rows = createHash('sha1');
  if (existsSync(join(documents, 'manifest.json')))
    for await (const row of readRows(documents)) rows.update(`${row.kind} ${row.string('id')} ${row.string('text')}\n`);
  const folder = existsSync(join(tokens, 'manifest.json')) ? await openTokens(tokens) : undefined;
  return { documents: rows.digest('hex'), tokens: folder?.fingerprint ?? 'none' };
}

export async function heldIn(dir: string): Promise<Held> {
  const hash = createHash('sha1');
  for (const name of ['documents', 'tokens']) {
    const folder = join(dir, 'out', name);
    const files = readdirSync(folder).filter((file) => /\.(arrow|feather)$/.test(file));
    for (const file of files.sort()) hash.update(readFileSync(join(folder, file)));
  }
  const out = join(dir, 'out');
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' });
  return {
    ...(await seen(dir)),
    bytes: hash.digest('hex'),
    files: files.filter((file) => isFile(join(out, file))).sort(),
  };
}

/** What the folder in which a night works has beside the last one is read or removed by the next. */
const isWorking = (file: string): boolean => file.startsWith('work/') && !file.endsWith('.tmp');
const isFile = (path: string): boolean => lstatSync(path).isFile() && !/-(wal|shm)$/.test(path);

export interface Stage {
  /** Holds `in` and `out` as they are when the night begins. */
  readonly before: string;
  readonly old: Held;
  /** What an undisturbed night makes of it. */
  readonly new: Held;
}

/** Makes the run folder in `dir`. */
export async function setStage(dir: string): Promise<Stage> {
  const before = join(dir, 'before');
  mkdirSync(join(before, 'in'), { recursive: true });
  writeFileSync(join(before, 'in', 'a.warc.gz'), Buffer.concat(await Promise.all(range(12).map((n) => capture(n)))));
  await night(before);
  const more = [...range(6).map((n) => capture(12 + n)), capture(3, { hour: 5, headers: 'x-robots-tag: noai\r\n' })];
  writeFileSync(join(before, 'in', 'b.warc.gz'), Buffer.concat(await Promise.all(more)));
  const undisturbed = copyOf(before, join(dir, 'undisturbed'));
  await night(undisturbed);
  return { before, old: await heldIn(before), new: await heldIn(undisturbed) };
}

/** A copy of a stage; times are kept, so that what is known is known there. */
export function copyOf(before: string, dir: string): string {
  cpSync(before, dir, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return dir;
}

/**
 * Goes on in a folder that something broke: a reader must see the old or the new night, and the same command must make the
 * new one of it, with nothing left over.
 * @returns what is wrong; empty when nothing is
 */
export async function recover(dir: string, stage: Stage): Promise<string[]> {
  const wrong: string[] = [];
  try {
    const now = await seen(dir);
    for (const part of ['documents', 'tokens'] as const) {
      if (![stage.old[part], stage.new[part]].includes(now[part])) wrong.push(`${part} are neither old nor new`);
    }
  } catch (error) {
    wrong.push(`a reader is refused: ${said(error)}`);
  }
  try {
    await night(dir);
    const held = await heldIn(dir);
    for (const part of ['documents', 'tokens', 'bytes'] as const) {
      if (held[part] !== stage.new[part]) wrong.push(`${part} differ after the next night`);
    }
    const over = held.files.filter((file) => !stage.new.files.includes(file) && !isWorking(file));
    if (over.length > 0) wrong.push(`left over: ${over.join(', ')}`);
  } catch (error) {
    wrong.push(`the next night fails: ${said(error)}`);
  }
  return wrong;
}

/** Whether an error says what happened, and no hint advises to delete a file. */
export function isWellSaid(error: unknown): boolean {
  if (!(error instanceof ToolkitError)) return false;
  return ['WRITE_FAILED', 'UNWRITABLE_FOLDER'].includes(error.code) && !/\b(delet|remov)/i.test(error.hint ?? '');
}

export const said = (error: unknown): string =>
  error instanceof ToolkitError
    ? `${error.code}: ${error.message} (${error.hint})`
    : String((error as Error)?.stack ?? error);

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
