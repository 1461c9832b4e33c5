/**
 * A folder to objects and back. Both ways go on where a kill ended them, and compare what arrived: parts by their MD5, files
 * by the SHA-256 that `push` keeps beside them.
 *
 *   push   files of more than PART_BYTES go in parts: those that the server has already are compared and passed over. What
 *          says that a folder is whole (manifest.json, state.json, index.json) comes last
 *   pull   `.NAME.ETAG.partial` grows range by range, and becomes NAME when it is whole
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { badInput } from './errors.ts';
import { makeFolder, syncFolder, writeFault } from './folder.ts';
import {
  entities,
  etagOf,
  type S3Object,
  s3Check,
  s3Head,
  s3List,
  s3Place,
  s3Put,
  s3Range,
  s3Request,
  tag,
} from './s3.ts';
import type { Outcome, Work } from './work.ts';

const MiB = 2 ** 20;
const PART_BYTES = 8 * MiB;
/** The protocol's. */
const MOST_PARTS = 10_000;
/** Requests at a time. */
const AT_ONCE = 4;
/** Metadata: of the whole file. */
const HASH = 'vua-sha256';
/** What says that a folder is whole. */
const LAST = /(^|\/)(manifest|state|index)\.json$/;
const NOT_FILES = /\.(tmp|partial)$|^\.|^vua\.lock/;

export interface Copied {
  readonly files: number;
  readonly bytes: number;
  /** That were there already. */
  readonly same: number;
  /** Parts that an earlier call had sent. */
  readonly parts: number;
}

const folderOf = (where: string): string => where.replace(/\/+$/, '');

/**
 * Copies a folder, or a file, below `to` (s3://BUCKET/PREFIX). What is there already is passed over; nothing is removed.
 * @throws ToolkitError BAD_INPUT (exit 2) for a folder without files, and those of s3Request
 */
export async function push(from: string, to: string, { signal, report }: Work): Promise<Outcome<Copied>> {
  s3Place(to);
  const files = filesBelow(from);
  if (files.length === 0) throw badInput('BAD_INPUT', `${from}: no file to copy`);
  await s3Check(to);
  const sum = { files: 0, bytes: 0, same: 0, parts: 0 };
  const progress = report.stage(
    'push',
    'bytes',
    files.reduce((all, { bytes }) => all + bytes, 0),
  );
  for (const { path, name, bytes } of files) {
    const sent = await pushFile(path, `${folderOf(to)}/${name}`, bytes, signal, (done) =>
      progress.update(sum.bytes + done),
    );
    if (sent === undefined) return { outcome: 'interrupted', report: sum };
    sum.files++;
    sum.bytes += bytes;
    sum.same += sent.isSame ? 1 : 0;
    sum.parts += sent.parts;
    progress.update(sum.bytes);
  }
  progress.finish();
  return { outcome: sum.same === sum.files ? 'nothing_new' : 'written', report: sum };
}

interface LocalFile {
  readonly path: string;
  /** With `/`. */
  readonly name: string;
  readonly bytes: number;
}

function filesBelow(from: string): LocalFile[] {
  const stats = statSync(from, { throwIfNoEntry: false });
  if (!stats) throw badInput('BAD_INPUT', `${from}: no such file or folder`);
  if (stats.isFile()) return [{ path: from, name: basename(from), bytes: stats.size }];
  const root = resolve(from);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NOT_FILES.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({ path, name: relative(root, path).split(sep).join('/'), bytes: statSync(path).size }))
    .sort((a, b) => Number(LAST.test(a.name)) - Number(LAST.test(b.name)) || (a.name < b.name ? -1 : 1));
}

/** None when it was stopped. */
async function pushFile(
  path: string,
  to: string,
  bytes: number,
  signal: AbortSignal,
  heard: (done: number) => void,
): Promise<{ isSame: boolean; parts: number } | undefined> {
  const file = openSync(path, 'r');
  try {
    const hash = hashOf(file, bytes);
    const there = await s3Head(to);
    if (there?.bytes === bytes && there.fact(HASH) === hash) return { isSame: true, parts: 0 };
    if (bytes > PART_BYTES) return await pushParts(file, to, { bytes, hash }, signal, heard);
    if (signal.aborted) return undefined;
    await s3Put(to, readPart(file, path, 0, bytes), { [HASH]: hash });
    return { isSame: false, parts: 0 };
  } finally {
    closeSync(file);
  }
}

async function pushParts(
  file: number,
  to: string,
  { bytes, hash }: { bytes: number; hash: string },
  signal: AbortSignal,
  heard: (done: number) => void,
): Promise<{ isSame: boolean; parts: number } | undefined> {
  const size = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / MiB) * MiB);
  const count = Math.ceil(bytes / size);
  const begun = await uploadOf(to, hash);
  const uploadId = begun?.id ?? (await startUpload(to, hash));
  const known = begun?.parts ?? new Map<number, string>();
  const etags: string[] = [];
  let [passed, done] = [0, 0];
  await eachAtOnce(count, async (i) => {
    if (signal.aborted) return;
    const part = readPart(file, to, i * size, Math.min(bytes, (i + 1) * size));
    const md5 = createHash('md5').update(part).digest('hex');
    if (known.get(i + 1) === md5) passed++;
    else etags[i] = await putPart(to, uploadId, i + 1, part);
    etags[i] ??= md5;
    done += part.length;
    heard(done);
  });
  if (signal.aborted) return undefined; // the parts stay for the next call
  const list = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`);
  const body = new TextEncoder().encode(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
  await s3Request(to, { method: 'POST', query: { uploadId }, body }, async (response) => {
    const text = await response.text(); // 200 is said before it is done
    if (text.includes('<Error>')) throw new Error(`${tag(text, 'Code')}: ${tag(text, 'Message')}`);
  });
  const there = await s3Head(to);
  if (there?.bytes !== bytes)
    throw badInput('BAD_INPUT', `${to}: ${there?.bytes ?? 'no'} bytes arrived, expected ${bytes}`, 'push again');
  return { isSame: false, parts: passed };
}

/** An upload of this very file that an earlier call began: by the hash in its parts' company it may be gone on with. */
async function uploadOf(to: string, hash: string): Promise<{ id: string; parts: Map<number, string> } | undefined> {
  const { bucket, key } = s3Place(to);
  const query = { uploads: '', prefix: key };
  const text = await s3Request(`s3://${bucket}/`, { query, expect: [403, 404, 501] }, (response) => response.text());
  const entries = [...text.matchAll(/<Upload>(.*?)<\/Upload>/gs)].map(([, entry]) => entry);
  const id = entries
    .filter((entry) => entities(tag(entry, 'Key')) === key)
    .map((entry) => entities(tag(entry, 'UploadId')))
    .at(-1);
  if (id === undefined || hash === '') return undefined;
  const parts = new Map<number, string>();
  for (let marker = ''; ; ) {
    const asked = { uploadId: id, 'max-parts': '1000', ...(marker && { 'part-number-marker': marker }) };
    const list = await s3Request(to, { query: asked, expect: [404] }, (response) => response.text());
    if (list.includes('<Error>')) return undefined; // somebody ended it
    for (const [, part] of list.matchAll(/<Part>(.*?)<\/Part>/gs))
      parts.set(Number(tag(part, 'PartNumber')), etagOf(tag(part, 'ETag')));
    if (tag(list, 'IsTruncated') !== 'true') return { id, parts };
    marker = tag(list, 'NextPartNumberMarker');
  }
}

const startUpload = (to: string, hash: string): Promise<string> =>
  s3Request(
    to,
    { method: 'POST', query: { uploads: '' }, headers: { [`x-amz-meta-${HASH}`]: hash } },
    async (response) => entities(tag(await response.text(), 'UploadId')),
  );

const putPart = (to: string, uploadId: string, number: number, body: Uint8Array<ArrayBuffer>): Promise<string> =>
  s3Request(to, { method: 'PUT', query: { partNumber: String(number), uploadId }, body }, async (response) => {
    await response.arrayBuffer();
    return etagOf(response.headers.get('etag') ?? '');
  });

/**
 * Copies what lies below `from` (s3://BUCKET/PREFIX) into a folder. What is there already is passed over; nothing is removed.
 * @throws ToolkitError BAD_INPUT (exit 2) where nothing lies there, or what arrived is not what was pushed; those of s3Request
 */
export async function pull(from: string, to: string, { signal, report }: Work): Promise<Outcome<Copied>> {
  const { bucket, key } = s3Place(from);
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const listed = await s3List(`s3://${bucket}/${prefix}`, signal);
  const objects = listed.filter(({ key }) => !key.endsWith('/') && isBelow(key.slice(prefix.length)));
  if (objects.length === 0 && key !== '') {
    const one = await s3Head(from);
    if (one) objects.push({ key, bytes: one.bytes, etag: one.etag });
  }
  if (objects.length === 0) throw badInput('BAD_INPUT', `${from}: nothing lies there`);
  objects.sort((a, b) => Number(LAST.test(a.key)) - Number(LAST.test(b.key)) || (a.key < b.key ? -1 : 1));
  const sum = { files: 0, bytes: 0, same: 0, parts: 0 };
  const progress = report.stage(
    'pull',
    'bytes',
    objects.reduce((all, { bytes }) => all + bytes, 0),
  );
  for (const object of objects) {
    const name = object.key === key ? basename(key) : object.key.slice(prefix.length);
    const heard = (done: number): void => progress.update(sum.bytes + done);
    const came = await pullFile(`s3://${bucket}/${object.key}`, object, join(to, name), signal, heard);
    if (came === undefined) return { outcome: 'interrupted', report: sum };
    sum.files++;
    sum.bytes += object.bytes;
    sum.same += came.isSame ? 1 : 0;
    sum.parts += came.parts;
  }
  progress.finish();
  return { outcome: sum.same === sum.files ? 'nothing_new' : 'written', report: sum };
}

/** A key leads to no other place than below the folder. */
const isBelow = (name: string): boolean =>
  !name.split('/').some((part) => part === '' || part === '.' || part === '..') && !name.includes('\\');

async function pullFile(
  from: string,
  { bytes, etag }: S3Object,
  path: string,
  signal: AbortSignal,
  heard: (done: number) => void,
): Promise<{ isSame: boolean; parts: number } | undefined> {
  const hash = (await s3Head(from))?.fact(HASH);
  if (isSameFile(path, bytes, etag, hash)) return { isSame: true, parts: 0 };
  makeFolder(dirname(path));
  const partial = join(dirname(path), `.${basename(path)}.${etag.replaceAll(/[^\w-]/g, '')}.partial`);
  const file = openSync(partial, 'a+');
  let parts = 0;
  try {
    let at = Math.min(bytes, fstatSync(file).size);
    parts = Math.floor(at / PART_BYTES);
    while (at < bytes) {
      if (signal.aborted) return undefined;
      const range = await s3Range(from, at, Math.min(bytes, at + PART_BYTES), etag, signal);
      for (let done = 0; done < range.length; ) done += writeSync(file, range, done);
      at += range.length;
      heard(at);
    }
    fsyncSync(file);
    const wrong = whyWrong(file, bytes, etag, hash);
    if (wrong !== undefined) {
      rmSync(partial, { force: true });
      throw badInput('BAD_INPUT', `${from}: ${wrong}`, 'pull again; if it stays so, push the file again');
    }
  } catch (error) {
    throw writeFault(path, error) ?? error;
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  syncFolder(dirname(path));
  return { isSame: false, parts };
}

function isSameFile(path: string, bytes: number, etag: string, hash?: string): boolean {
  if (!existsSync(path) || statSync(path).size !== bytes) return false;
  const file = openSync(path, 'r');
  try {
    const isKnown = hash !== undefined || isMd5(etag);
    return isKnown && whyWrong(file, bytes, etag, hash) === undefined;
  } finally {
    closeSync(file);
  }
}

const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag);

/** By what push kept; else by the ETag where that is an MD5, as it is of what came in one piece. */
function whyWrong(file: number, bytes: number, etag: string, hash?: string): string | undefined {
  const { size } = fstatSync(file);
  if (size !== bytes) return `${size} bytes arrived, expected ${bytes}`;
  if (hash !== undefined) {
    const found = hashOf(file, bytes);
    return found === hash ? undefined : `SHA-256 ${found}, expected ${hash}`;
  }
  if (!isMd5(etag)) return undefined;
  const found = hashOf(file, bytes, 'md5');
  return found === etag ? undefined : `MD5 ${found}, expected ${etag}`;
}

function hashOf(file: number, bytes: number, kind: 'sha256' | 'md5' = 'sha256'): string {
  const hash = createHash(kind);
  for (let at = 0; at < bytes; at += PART_BYTES)
    hash.update(readPart(file, 'file', at, Math.min(bytes, at + PART_BYTES)));
  return hash.digest('hex');
}

function readPart(file: number, path: string, from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, from + at);
    if (read === 0)
      throw badInput('BAD_INPUT', `${path}: ends at byte ${from + at}, expected ${to}: it became shorter`);
    at += read;
  }
  return bytes;
}

/** `work` for 0 … count − 1, AT_ONCE of them at a time. */
async function eachAtOnce(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, one));
}
