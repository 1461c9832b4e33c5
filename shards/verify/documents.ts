/** What holds for every document folder: text is NFC with `\n`, ids are unique, the counts of the manifest are right. */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import type { Schema } from 'apache-arrow';
import type { Findings } from '../../crawlers/shell/work.ts';
import { columnsIn } from '../arrow/schemas.ts';
import { hash64 } from '../checksum.ts';
import { type DocumentBatch, readShard } from '../documents/read.ts';
import { readDocumentManifest } from '../manifest.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { verifyGroups, verifyShard } from './shard.ts';

export async function verifyDocuments(dir: string, findings: Findings): Promise<void> {
  const manifest = readDocumentManifest(dir);
  const ids = new HashList();
  for (const entry of manifest.documents) {
    await verifyShard(dir, entry, schemaOf('documents'), findings, () => {
      let textBytes = 0;
      for (const batch of readShard(dir, 'documents', entry)) {
        for (let row = 0; row < batch.rows; row++) {
          ids.add(hash64(batch.string('id', row)));
          textBytes += batch.bytes('text', row).length;
          verifyDocument(batch, row, (check, fact) => {
            findings.add(join(dir, entry.file), check, `batch ${batch.index}, row ${row}: ${fact}`);
          });
        }
      }
      checkTextBytes(dir, entry, textBytes, findings);
      findings.counts.documents += entry.rows;
    });
  }
  await verifyGroups(dir, manifest, findings);
  verifyIds(dir, manifest, ids.repeated(), findings);
  for (const entry of manifest.rejects) {
    await verifyShard(dir, entry, schemaOf('rejects'), findings, () => {
      let textBytes = 0;
      for (const batch of readShard(dir, 'rejects', entry)) {
        for (let row = 0; row < batch.rows; row++) textBytes += batch.bytes('text', row).length;
      }
      checkTextBytes(dir, entry, textBytes, findings);
      findings.counts.rejects += entry.rows;
    });
  }
}

const schemaOf =
  (kind: 'documents' | 'rejects') =>
  (found: Schema): Schema =>
    columnsIn(kind, found).schema;

function verifyDocument(batch: DocumentBatch, row: number, fault: (check: string, fact: string) => void): void {
  const bytes = batch.bytes('text', row);
  const text = batch.string('text', row);
  const id = batch.string('id', row);
  if (id === '') fault('id', 'empty id');
  if (batch.bytes('cluster', row).length === 0) fault('cluster', `document ${id}: empty cluster`);
  if (bytes.length === 0) fault('empty', `document ${id}: empty text`);
  if (!isUtf8(bytes)) fault('utf8', `document ${id}: text is not valid UTF-8`);
  else if (text.normalize('NFC') !== text) fault('nfc', `document ${id}: text is not in NFC`);
  if (text.includes('\r')) fault('line_ends', `document ${id}: text holds a carriage return, expected \\n alone`);
  const measured = batch.values('bytes')[row];
  if (measured !== Math.fround(bytes.length)) {
    fault('measurements', `document ${id}: bytes is ${measured}, expected ${bytes.length}`);
  }
}

function checkTextBytes(dir: string, entry: DocumentShard, found: number, findings: Findings): void {
  if (found === entry.textBytes) return;
  findings.add(join(dir, entry.file), 'text_bytes', `${found} bytes of text, expected ${entry.textBytes}`);
}

/** Two documents with one id: the hashes say where to look, the ids themselves decide. */
function verifyIds(dir: string, manifest: DocumentManifest, suspects: ReadonlySet<bigint>, findings: Findings): void {
  if (suspects.size === 0 || findings.signal.aborted) return;
  const first = new Map<string, string>();
  for (const entry of manifest.documents) {
    try {
      for (const batch of readShard(dir, 'documents', entry)) {
        for (let row = 0; row < batch.rows; row++) {
          const id = batch.string('id', row);
          if (!suspects.has(hash64(id))) continue;
          const place = `${batch.shard}, batch ${batch.index}, row ${row}`;
          const earlier = first.get(id);
          if (earlier === undefined) first.set(id, place);
          else findings.add(join(dir, entry.file), 'id', `id ${id} stands twice: ${earlier}; ${place}`);
        }
      }
    } catch {
      // A shard that cannot be read was reported by the pass before.
    }
  }
}

/** Eight bytes for each document, so that a corpus of any size can be checked for repeated ids. */
class HashList {
  #hashes = new BigUint64Array(1024);
  #length = 0;

  add(hash: bigint): void {
    if (this.#length === this.#hashes.length) {
      const larger = new BigUint64Array(2 * this.#length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#length++] = hash;
  }

  repeated(): ReadonlySet<bigint> {
    const sorted = this.#hashes.subarray(0, this.#length).sort();
    const repeated = new Set<bigint>();
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) repeated.add(sorted[i]);
    return repeated;
  }
}
