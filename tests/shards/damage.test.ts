/** A document shard that is harmed: what is still read, and the error that says what and where. */
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../shards/documents/read.ts';
import { writeManifest } from '../../shards/manifest.ts';
import type { DocumentManifest } from '../../shards/manifest-shape.ts';
import { collect, range, temporaryFolder, thrownBy } from '../support.ts';
import { document, writeFolder } from './support.ts';

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 0x10;
  writeFileSync(path, bytes);
}

const foreign = (): Uint8Array => tableToIPC(tableFromArrays({ text: new Float64Array(20_000) }), 'file');

interface Damage {
  readonly name: string;
  readonly harm: (path: string, dir: string, manifest: DocumentManifest) => void;
  readonly says: RegExp;
}

const BATCH_1 = /documents-00000\.arrow: batch 1: /;

const DAMAGES: readonly Damage[] = [
  {
    name: 'cut in the middle',
    harm: (path) => truncateSync(path, 5000),
    says: /: 5000 bytes, expected \d+: it was cut/,
  },
  { name: 'emptied', harm: (path) => truncateSync(path, 0), says: /: 0 bytes, expected \d+/ },
  { name: 'missing', harm: (path) => rmSync(path), says: /documents-00000\.arrow: ENOENT/ },
  {
    name: 'a bit flipped in batch 1',
    harm: (path) => flip(path, textOfBatch1(path)),
    says: /batch 1: checksum [0-9a-f]{16}, expected [0-9a-f]{16}/,
  },
  { name: 'a bit flipped in the magic', harm: (path) => flip(path, -1), says: /ends in "ARROW!", expected "ARROW1"/ },
  { name: 'footer length damaged', harm: (path) => flip(path, -7), says: /footer of -?\d+ bytes/ },
  {
    name: 'another Arrow file of equal size',
    harm: (path, _dir, manifest) => grow(path, foreign(), manifest),
    says: /column 0 is text: Float64, expected id: Utf8/,
  },
  {
    name: 'rows in the manifest differ',
    harm: (_path, dir, manifest) => {
      manifest.documents[0].batches[1].rows--;
      manifest.documents[0].rows--;
      writeManifest(dir, manifest);
    },
    says: new RegExp(`${BATCH_1.source}\\d+ rows, expected \\d+`),
  },
  {
    name: 'batches in the manifest differ',
    harm: (_path, dir, manifest) => {
      const [shard] = manifest.documents;
      shard.rows -= shard.batches.pop()!.rows;
      writeManifest(dir, manifest);
    },
    says: /\d+ record batches, expected \d+/,
  },
];

/** A byte inside the text of the second record batch. */
const textOfBatch1 = (path: string): number => readFileSync(path).indexOf('Bài số 10.') + 3;

/** Puts other bytes in the file's place and makes manifest agree about the size. */
function grow(path: string, bytes: Uint8Array, manifest: DocumentManifest): void {
  writeFileSync(path, bytes);
  manifest.documents[0].bytes = bytes.length;
  writeManifest(join(path, '..'), manifest);
}

describe('a damaged shard', () => {
  it.each(DAMAGES)('$name: an error that says what and where', async ({ harm, says }) => {
    const dir = temporaryFolder();
    const manifest = writeFolder(
      dir,
      range(60).map((n) => document(n)),
    );
    harm(join(dir, 'documents-00000.arrow'), dir, manifest);
    const error = await thrownBy(() => collect(readDocuments(dir)));
    expect(error.message).toMatch(says);
    expect(error.message).toContain('documents-00000.arrow');
    expect(error).toMatchObject({ code: 'BAD_SHARD', exitStatus: 2 });
  });

  it('gives the batches before the damage', async () => {
    const dir = temporaryFolder();
    const [shard] = writeFolder(
      dir,
      range(60).map((n) => document(n)),
    ).documents;
    const path = join(dir, shard.file);
    flip(path, textOfBatch1(path));
    let rows = 0;
    await thrownBy(async () => {
      for await (const batch of readDocuments(dir)) rows += batch.rows;
    });
    expect(rows).toBe(shard.batches[0].rows);
  });

  it('outside a manifest: a cut file is still seen, by its missing end', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(60).map((n) => document(n)),
    );
    const alone = join(temporaryFolder(), 'alone.arrow');
    copyFileSync(join(dir, 'documents-00000.arrow'), alone);
    expect((await collect(readDocuments(alone))).length).toBeGreaterThan(1);
    truncateSync(alone, 5000);
    expect((await thrownBy(() => collect(readDocuments(alone)))).message).toMatch(/it was cut, or is no Arrow file/);
  });
});
