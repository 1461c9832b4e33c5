/** What the tests of shards, and of what reads them, share: documents and drops by number, folders that hold them. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, type Drop, MEASUREMENTS, type Measurements } from '../../cleaning/document.ts';
import { recipeOf } from '../../cleaning/recipe.ts';
import { DocumentWriter } from '../../shards/documents/write.ts';
import { DOCUMENTS, shardFile } from '../../shards/format.ts';
import { writeManifest } from '../../shards/manifest.ts';
import type { DocumentManifest, TokenManifest } from '../../shards/manifest-shape.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { temporaryFolder } from '../support.ts';

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
    httpStatus: 200,
    rawHash: '0123456789abcdef',
    personalData: 'strict',
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

/** Makes a folder of tokens one of version 2, with or without hashes of texts: what its tables say stands in the manifest. */
export async function asVersion2(dir: string, { hashes = true } = {}): Promise<void> {
  const folder = await openTokens(dir);
  const sources = await folder.sources();
  const indexOf = (name: string): number => sources.findIndex(({ source }) => source === name);
  const shards: TokenManifest['shards'] = [];
  for (const { table, ...shard } of folder.manifest.shards) {
    const { source, textHash, ...figures } = (await folder.documents({ ...shard, table }))!;
    const perDocument = { source: source.map(indexOf), ...figures, ...(hashes && { textHash }) };
    shards.push({ ...shard, ...(shard.split === 'valid' && { perDocument }) } as TokenManifest['shards'][number]);
    rmSync(join(dir, table!.file));
  }
  writeManifest(dir, { ...folder.manifest, version: 2, sources: [...sources], shards });
}

/** A folder of documents by number, a shard for each list. */
export function documentsOf(
  shards: readonly (readonly number[])[],
  changes: (n: number) => Partial<Document> = () => ({}),
): string {
  const dir = temporaryFolder();
  const written = shards.map((numbers, i) => {
    const part = temporaryFolder();
    const manifest = writeFolder(
      part,
      numbers.map((n) => document(n, changes(n))),
    );
    const file = shardFile('documents', i);
    copyFileSync(join(part, 'documents-00000.arrow'), join(dir, file));
    return { ...manifest, documents: [{ ...manifest.documents[0], file }] };
  });
  writeManifest(dir, { ...written[0], documents: written.flatMap(({ documents }) => documents) });
  return dir;
}
