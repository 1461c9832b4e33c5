/** What holds for every token folder, and that its splits hold exactly the documents that the split rule gives them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from '../../crawlers/shell/work.ts';
import { ShardReader } from '../arrow/read-shard.ts';
import { TOKEN_SCHEMAS } from '../arrow/schemas.ts';
import { checksumOf, createChecksum } from '../checksum.ts';
import { readDocumentShards } from '../documents/read.ts';
import { manifestPath, readDocumentManifest, readTokenManifest } from '../manifest.ts';
import { documentFingerprint, type TokenManifest, type TokenShard } from '../manifest-shape.ts';
import { SPLITS, type Split, splitOf } from '../split.ts';
import { TOKEN_ARRAYS } from '../tokens/source.ts';
import { verifyShard } from './shard.ts';

export async function verifyTokens(dir: string, findings: Findings): Promise<void> {
  const manifest = readTokenManifest(dir);
  const tokenizer = join(dir, 'tokenizer.json');
  const found = existsSync(tokenizer) ? checksumOf(readFileSync(tokenizer)) : 'missing';
  if (found !== manifest.tokenizer) findings.add(tokenizer, 'checksum', `${found}, expected ${manifest.tokenizer}`);
  for (const shard of manifest.shards) {
    await verifyShard(dir, shard, [TOKEN_SCHEMAS[manifest.dtype]], findings, () => {
      verifyTokensOf(dir, manifest, shard, findings);
      findings.counts.tokens += shard.rows;
    });
  }
}

function verifyTokensOf(dir: string, manifest: TokenManifest, shard: TokenShard, findings: Findings): void {
  const { vocabSize, bosId, dtype } = manifest;
  const path = join(dir, shard.file);
  const lengths: number[] = []; // tokens of each document, by the BOS
  let at = 0;
  const reader = ShardReader.open(path, [TOKEN_SCHEMAS[dtype]], shard);
  try {
    for (const [index, { offset: expected }] of shard.batches.entries()) {
      const { rows, body, offset } = reader.readBatch(index);
      if (offset !== expected) findings.add(path, 'offset', `batch ${index} begins at ${offset}, expected ${expected}`);
      for (const token of new TOKEN_ARRAYS[dtype](body.buffer, body.byteOffset, rows)) {
        if (at === 0 && token !== bosId) findings.add(path, 'bos', `starts with ${token}, expected BOS ${bosId}`);
        if (token === bosId) lengths.push(0);
        else if (token >= vocabSize)
          findings.add(path, 'vocabulary', `token ${at} is ${token}, expected < ${vocabSize}`);
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
    const other = shard.perDocument?.tokens.findIndex((tokens, document) => tokens !== lengths[document]) ?? -1;
    if (other >= 0) {
      const fact = `document ${other} has ${lengths[other]} tokens, expected ${shard.perDocument!.tokens[other]}`;
      findings.add(path, 'documents', fact);
    }
  }
}

/**
 * Deals the documents out again and compares each token shard's clusters: a document on the wrong side, and with it a
 * cluster in two splits, shows as another checksum. On the way the sources: in all, and of every held-out document.
 */
export async function verifySplits(documentsDir: string, tokensDir: string, findings: Findings): Promise<void> {
  const documents = readDocumentManifest(documentsDir);
  const tokens = readTokenManifest(tokensDir);
  if (tokens.documents !== documentFingerprint(documents)) {
    const fact = `made from documents ${tokens.documents}, expected ${documentFingerprint(documents)}: run \`vua tokens\``;
    findings.add(manifestPath(tokensDir), 'stale', fact);
    return;
  }
  if (findings.faults.some((fault) => fault.check === 'shard')) return; // documents are missing: no deal can be right
  const piles = {
    train: new Pile(tokensDir, tokens, 'train', findings),
    valid: new Pile(tokensDir, tokens, 'valid', findings),
  };
  const sources = new Map<string, Record<Split, [documents: number, textBytes: number]>>();
  for await (const batch of readDocumentShards(documentsDir, documents.documents, findings.signal)) {
    for (let row = 0; row < batch.rows; row++) {
      const cluster = batch.string('cluster', row);
      const [source, text] = [batch.string('source', row), batch.bytes('text', row)];
      const textBytes = text.length;
      const split = splitOf(cluster, tokens.validShare);
      piles[split].deal(cluster, source, text);
      const figures = sources.get(source) ?? { train: [0, 0], valid: [0, 0] };
      sources.set(source, figures);
      figures[split][0]++;
      figures[split][1] += textBytes;
    }
  }
  if (findings.signal.aborted) return;
  for (const split of SPLITS) piles[split].end();
  for (const { source, ...listed } of tokens.sources) {
    for (const split of SPLITS) {
      const [documents, textBytes] = sources.get(source)?.[split] ?? [0, 0];
      const { documents: wantedDocuments, textBytes: wantedBytes } = listed[split];
      if (documents === wantedDocuments && textBytes === wantedBytes) continue;
      const fact = `${source}: ${documents} documents and ${textBytes} bytes in ${split}, expected ${wantedDocuments} and ${wantedBytes}`;
      findings.add(manifestPath(tokensDir), 'source', fact);
    }
    sources.delete(source);
  }
  for (const source of sources.keys()) {
    findings.add(manifestPath(tokensDir), 'source', `${source}: has documents, but is not listed`);
  }
}

/** The shards of one split, each to be filled with as many documents as its row of the manifest says. */
class Pile {
  readonly #dir: string;
  readonly #sources: TokenManifest['sources'];
  readonly #split: Split;
  readonly #shards: readonly TokenShard[];
  readonly #findings: Findings;
  #index = 0;
  #documents = 0;
  #textBytes = 0;
  #clusters = createChecksum();

  constructor(dir: string, manifest: TokenManifest, split: Split, findings: Findings) {
    this.#dir = dir;
    this.#sources = manifest.sources;
    this.#split = split;
    this.#shards = manifest.shards.filter((shard) => shard.split === split);
    this.#findings = findings;
  }

  deal(cluster: string, source: string, text: Uint8Array): void {
    const textBytes = text.length;
    const shard = this.#shards[this.#index];
    const fault = (check: string, fact: string): void => this.#findings.add(join(this.#dir, shard.file), check, fact);
    const each = shard?.perDocument;
    if (each) {
      const [listed, bytes] = [this.#sources[each.source[this.#documents]].source, each.textBytes[this.#documents]];
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
    this.#findings.add(manifestPath(this.#dir), 'split', fact);
  }
}
