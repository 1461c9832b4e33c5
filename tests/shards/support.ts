/** What the tests of this room share: temporary folders, documents by number, a context that keeps what was said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Document, type Drop, MEASUREMENTS, type Measurements } from '../../cleaning/document.ts';
import { recipeOf } from '../../cleaning/recipe.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { createReporter } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { DocumentWriter } from '../../shards/documents/write.ts';
import { DOCUMENTS } from '../../shards/format.ts';
import { writeManifest } from '../../shards/manifest.ts';
import type { DocumentManifest } from '../../shards/manifest-shape.ts';

type Lifetime = 'test' | 'kept';
const folders: Record<Lifetime, string[]> = { test: [], kept: [] };

/** Removed after the test, or with `kept` when the file calls `removeFolders('kept')`. */
export function temporaryFolder(lifetime: Lifetime = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), 'vua-shards-'));
  folders[lifetime].push(folder);
  return folder;
}

export function removeFolders(lifetime: Lifetime): void {
  for (const folder of folders[lifetime].splice(0)) rmSync(folder, { recursive: true, force: true });
}

afterEach(() => removeFolders('test'));

export interface HeardContext extends Work {
  /** Everything that went to stdout. */
  readonly out: string[];
  /** Everything that went to stderr. */
  readonly err: string[];
  readonly abort: () => void;
}

export function context(json = false): HeardContext {
  const controller = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const report = createReporter(json, { write: (text) => out.push(text) }, { write: (text) => err.push(text) });
  return { signal: controller.signal, report, out, err, abort: () => controller.abort() };
}

export const measurements = (text: string): Measurements =>
  Object.fromEntries(
    MEASUREMENTS.map((name, i) => [name, name === 'bytes' ? Buffer.byteLength(text) : i / 4]),
  ) as Measurements;

export function document(n: number, changes: Partial<Document> = {}): Document {
  const text =
    changes.text ?? `Bài số ${n}. Chiều nay trời mưa, cả nhà ngồi quanh bếp lửa nghe bà kể chuyện.\n\nĐoạn ${n}.`;
  return {
    id: `d${n}`,
    url: `http://bao.vua.test/bai-${n}`,
    title: `Bài ${n}`,
    author: n % 2 === 0 ? '' : `Tác giả ${n}`,
    published: '2026-10-31T07:30:00+07:00',
    canonical: '',
    section: 'Đời sống',
    lang: 'vi',
    source: n % 3 === 0 ? 'sotay.vua.test' : 'bao.vua.test',
    fetchedAt: '2026-11-01T00:00:00.000Z',
    consent: { conclusion: 'open', statements: ['meta robots: all', 'x-robots-tag: all'] },
    licence: 'unknown',
    charset: 'utf-8 (content)',
    language: 'vie',
    paragraphLanguages: 'vie*2',
    diacritics: 'present',
    cluster: `d${n}`,
    contamination: '',
    measurements: measurements(text),
    ...changes,
    text,
  };
}

export function drop(n: number, changes: Partial<Drop> = {}): Drop {
  return {
    id: `x${n}`,
    url: `http://bao.vua.test/x-${n}`,
    title: '',
    source: 'bao.vua.test',
    fetchedAt: '2026-11-01T00:00:00.000Z',
    stage: 'filter',
    reason: 'too_short',
    value: n,
    threshold: 30,
    other: '',
    charset: 'utf-8 (content)',
    language: 'vie',
    text: 'Ngắn quá.',
    ...changes,
  };
}

/** Writes one shard pair and its manifest. */
export function writeFolder(
  dir: string,
  documents: Iterable<Document>,
  { drops = [] as Iterable<Drop>, shardBytes = 1e9, batchBytes = 5000 } = {},
): DocumentManifest {
  const writer = new DocumentWriter(dir, { firstIndex: 0, shardBytes, batchBytes });
  const manifest: DocumentManifest = { ...DOCUMENTS, recipe: recipeOf({}), documents: [], rejects: [] };
  const take = (): void => {
    const pair = writer.finish();
    manifest.documents.push(...pair.documents);
    manifest.rejects.push(...pair.rejects);
  };
  for (const one of documents) {
    writer.add(one);
    if (writer.isFull) take();
  }
  for (const one of drops) writer.drop(one);
  take();
  writeManifest(dir, manifest);
  return manifest;
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What a call throws, which must be a ToolkitError. */
export async function thrownBy(action: () => unknown): Promise<ToolkitError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
