/** What holds for every token folder, and that its splits hold exactly the documents that the split rule gives them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from '../../crawlers/shell/work.ts';
import { ShardReader } from '../arrow/read-shard.ts';
import { TABLE_SCHEMA, TOKEN_SCHEMAS } from '../arrow/schemas.ts';
import { checksumOf, createChecksum } from '../checksum.ts';
import { Sides } from '../documents/groups.ts';
import { readDocumentShards, sideOf } from '../documents/read.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import { documentFingerprint, type TokenManifest, type TokenShard } from '../manifest-shape.ts';
import { SPLITS, type Split } from '../split.ts';
import { passagesNote } from '../tokens/passages.ts';
import { openTokens, TOKEN_ARRAYS, type TokenFolder } from '../tokens/source.ts';
import type { ShardDocuments } from '../tokens/table.ts';
import { verifyGroups, verifyShard } from './shard.ts';

export async function verifyTokens(dir: string, findings: Findings): Promise<void> {
  const folder = await openTokens(dir);
  const { manifest } = folder;
  const tokenizer = join(dir, 'tokenizer.json');
  const found = existsSync(tokenizer) ? checksumOf(readFileSync(tokenizer)) : 'missing';
  if (found !== manifest.tokenizer) findings.add(tokenizer, 'checksum', `${found}, expected ${manifest.tokenizer}`);
  await verifyGroups(dir, manifest, findings);
  const counts = new Float64Array(manifest.vocabSize);
  const hashes: Record<Split, { file: string; textHash: readonly string[] }[]> = { train: [], valid: [] };
  for (const shard of manifest.shards) {
    let listed: ShardDocuments | undefined;
    const list = async (): Promise<void> => {
      listed = await folder.documents(shard);
    };
    if (shard.table === undefined) await list();
    else await verifyShard(dir, shard.table, TABLE_SCHEMA, findings, list);
    await verifyShard(dir, shard, TOKEN_SCHEMAS[manifest.dtype], findings, () => {
      verifyTokensOf(dir, manifest, shard, { listed, counts }, findings);
      findings.counts.tokens += shard.rows;
    });
    hashes[shard.split].push({ file: shard.file, textHash: listed?.textHash ?? [] });
  }
  await verifyCounts(folder, counts, findings);
  if (manifest.groups === undefined) return; // older splits promised nothing of texts
  const train = new Set(hashes.train.flatMap(({ textHash }) => textHash));
  for (const { file, textHash } of hashes.valid) {
    const copy = textHash.findIndex((hash) => train.has(hash));
    if (copy >= 0) findings.add(join(dir, file), 'leak', `document ${copy}: its text stands in train as well`);
  }
}

function verifyTokensOf(
  dir: string,
  manifest: TokenManifest,
  shard: TokenShard,
  { listed, counts }: { readonly listed: ShardDocuments | undefined; readonly counts: Float64Array },
  findings: Findings,
): void {
  const { vocabSize, bosId, dtype } = manifest;
  const path = join(dir, shard.file);
  const lengths: number[] = []; // tokens of each document, by the BOS
  let at = 0;
  const reader = ShardReader.open(path, TOKEN_SCHEMAS[dtype], shard);
  try {
    for (const [index, { offset: expected }] of shard.batches.entries()) {
      const { rows, body, offset } = reader.readBatch(index);
      if (offset !== expected) findings.add(path, 'offset', `batch ${index} begins at ${offset}, expected ${expected}`);
      for (const token of new TOKEN_ARRAYS[dtype](body.buffer, body.byteOffset, rows)) {
        if (at === 0 && token !== bosId) findings.add(path, 'bos', `starts with ${token}, expected BOS ${bosId}`);
        if (token === bosId) lengths.push(0);
        else if (token >= vocabSize)
          findings.add(path, 'vocabulary', `token ${at} is ${token}, expected < ${vocabSize}`);
        else if (shard.split === 'train') counts[token]++;
        lengths[lengths.length - 1]++;
        at++;
      }
    }
  } finally {
    reader.close();
  }
  if (lengths.length !== shard.documents) {
    findings.add(path, 'documents', `${lengths.length} documents by their BOS, expected ${shard.documents}`);
  } else {
    const other = listed?.tokens.findIndex((tokens, document) => tokens !== lengths[document]) ?? -1;
    if (other >= 0) {
      const fact = `document ${other} has ${lengths[other]} tokens, expected ${listed!.tokens[other]}`;
      findings.add(path, 'documents', fact);
    }
  }
}

/** @param counts of what was read of the training split, BOS aside */
async function verifyCounts(folder: TokenFolder, counts: Float64Array, findings: Findings): Promise<void> {
  const { where, manifest } = folder;
  const { counts: entry, bosId, shards } = manifest;
  if (entry === undefined) return;
  const path = join(where, entry.file);
  await findings.file(path, 'counts', async () => {
    const listed = (await folder.counts())!;
    if (findings.faults.some(({ check }) => check === 'shard')) return; // of what is missing nothing was counted
    counts[bosId] = shards.reduce((sum, { split, documents }) => sum + (split === 'train' ? documents : 0), 0);
    const id = listed.findIndex((count, at) => count !== counts[at]);
    if (id >= 0) findings.add(path, 'counts', `id ${id}: ${listed[id]}, expected ${counts[id]}`);
  });
}

/**
 * Deals the documents out again and compares each token shard's clusters: a document on the wrong side, and with it a
 * cluster in two splits, shows as another checksum. On the way source, bytes and text of every document.
 */
export async function verifySplits(documentsDir: string, tokensDir: string, findings: Findings): Promise<void> {
  const documents = readDocumentManifest(documentsDir);
  const folder = await openTokens(tokensDir);
  const tokens = folder.manifest;
  if (tokens.documents !== documentFingerprint(documents)) {
    const fact = `made from documents ${tokens.documents}, expected ${documentFingerprint(documents)}: run \`vua tokens\``;
    findings.add(manifestPath(tokensDir), 'stale', fact);
    return;
  }
  if (findings.faults.some(({ check }) => check === 'shard' || check === 'groups')) return; // what is missing leaves no right deal
  const sides = Sides.of(tokensDir, tokens);
  const piles = {
    train: new Pile(folder, 'train', findings),
    valid: new Pile(folder, 'valid', findings),
  };
  const sources = new Map<string, Record<Split, [documents: number, textBytes: number]>>();
  for await (const batch of readDocumentShards(documentsDir, documents.documents, findings.signal)) {
    for (let row = 0; row < batch.rows; row++) {
      if (tokens.contaminated === 'drop' && batch.bytes('contamination', row).length > 0) continue;
      const cluster = batch.string('cluster', row);
      const [source, text] = [batch.string('source', row), batch.bytes('text', row)];
      const textBytes = text.length;
      const split = sideOf(sides, batch, row, tokens.validShare);
      if (piles[split].isBetween) await piles[split].open();
      piles[split].deal(cluster, source, text);
      const figures = sources.get(source) ?? { train: [0, 0], valid: [0, 0] };
      sources.set(source, figures);
      figures[split][0]++;
      figures[split][1] += textBytes;
    }
  }
  if (findings.signal.aborted) return;
  for (const split of SPLITS) piles[split].end();
  for (const { source, ...listed } of tokens.sources ?? []) {
    for (const split of SPLITS) {
      const [documents, textBytes] = sources.get(source)?.[split] ?? [0, 0];
      const { documents: wantedDocuments, textBytes: wantedBytes } = listed[split];
      if (documents === wantedDocuments && textBytes === wantedBytes) continue;
      const fact = `${source}: ${documents} documents and ${textBytes} bytes in ${split}, expected ${wantedDocuments} and ${wantedBytes}`;
      findings.add(manifestPath(tokensDir), 'source', fact);
    }
    sources.delete(source);
  }
  if (tokens.sources !== undefined) {
    for (const source of sources.keys()) {
      findings.add(manifestPath(tokensDir), 'source', `${source}: has documents, but is not listed`);
    }
  }
  const note = await passagesNote(documentsDir, documents, tokens, findings.signal);
  if (note) findings.notes.push(note);
}

/** The shards of one split, each to be filled with as many documents as its row of the manifest says. */
class Pile {
  readonly #folder: TokenFolder;
  readonly #split: Split;
  readonly #shards: readonly TokenShard[];
  readonly #findings: Findings;
  #index = 0;
  /** What the shard in hand says of its documents. */
  #listed: ShardDocuments | undefined;
  #documents = 0;
  #textBytes = 0;
  #clusters = createChecksum();

  constructor(folder: TokenFolder, split: Split, findings: Findings) {
    this.#folder = folder;
    this.#split = split;
    this.#shards = folder.manifest.shards.filter((shard) => shard.split === split);
    this.#findings = findings;
  }

  /** The next document begins a shard: it wants `open` first. */
  get isBetween(): boolean {
    return this.#documents === 0;
  }

  async open(): Promise<void> {
    const shard = this.#shards[this.#index];
    this.#listed = shard && (await this.#folder.documents(shard));
  }

  deal(cluster: string, source: string, text: Uint8Array): void {
    const textBytes = text.length;
    const shard = this.#shards[this.#index];
    const fault = (check: string, fact: string): void =>
      this.#findings.add(join(this.#folder.where, shard.file), check, fact);
    const each = this.#listed;
    if (each) {
      const [listed, bytes] = [each.source[this.#documents], each.textBytes[this.#documents]];
      if (listed !== source || bytes !== textBytes) {
        fault('source', `document ${this.#documents}: ${source}, ${textBytes} bytes, expected ${listed}, ${bytes}`);
      }
      const [hash, expected] = [checksumOf(text), each.textHash?.[this.#documents]];
      if (expected !== undefined && hash !== expected) {
        fault('text_hash', `document ${this.#documents}: text ${hash}, expected ${expected}`);
      }
    }
    this.#documents++;
    this.#textBytes += textBytes;
    this.#clusters.update(Buffer.from(`${cluster}\n`));
    if (!shard || this.#documents < shard.documents) return;
    const found = this.#clusters.digest();
    if (found !== shard.clusters) {
      fault('split', `clusters ${found}, expected ${shard.clusters}: it holds documents of the other split`);
    }
    if (this.#textBytes !== shard.textBytes) fault('text_bytes', `${this.#textBytes}, expected ${shard.textBytes}`);
    this.#index++;
    this.#documents = 0;
    this.#textBytes = 0;
    this.#clusters = createChecksum();
  }

  end(): void {
    if (this.#index === this.#shards.length && this.#documents === 0) return;
    const fact = `${this.#split}: ${this.#index} of ${this.#shards.length} shards can be filled, ${this.#documents} documents are left over`;
    this.#findings.add(manifestPath(this.#folder.where), 'split', fact);
  }
}
