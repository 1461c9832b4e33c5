/** What holds for every token folder, and that its splits hold exactly the documents that the split rule gives them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksumOf, createChecksum } from './checksum.ts';
import { TOKEN_SCHEMAS } from './format.ts';
import {
  documentFingerprint,
  manifestPath,
  readDocumentManifest,
  readTokenManifest,
  type TokenManifest,
  type TokenShard,
} from './manifest.ts';
import { readDocumentShards } from './read-documents.ts';
import { readTokenShard } from './read-tokens.ts';
import { SPLITS, type Split, splitOf } from './split.ts';
import type { Findings } from './verify.ts';

export async function verifyTokens(dir: string, findings: Findings): Promise<void> {
  const manifest = readTokenManifest(dir);
  const tokenizer = join(dir, 'tokenizer.json');
  const found = existsSync(tokenizer) ? checksumOf(readFileSync(tokenizer)) : 'missing';
  if (found !== manifest.tokenizer) findings.add(tokenizer, 'checksum', `${found}, expected ${manifest.tokenizer}`);
  for (const shard of manifest.shards) {
    await findings.shard(dir, shard, [TOKEN_SCHEMAS[manifest.dtype]], () => {
      verifyShard(dir, manifest, shard, findings);
      findings.counts.tokens += shard.rows;
    });
  }
}

function verifyShard(dir: string, manifest: TokenManifest, shard: TokenShard, findings: Findings): void {
  const { vocabSize, bosId } = manifest;
  const path = join(dir, shard.file);
  const tokens = readTokenShard(dir, manifest, shard);
  let documents = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === bosId) documents++;
    else if (tokens[i] >= vocabSize)
      findings.add(path, 'vocabulary', `token ${i} is ${tokens[i]}, expected < ${vocabSize}`);
  }
  if (tokens[0] !== bosId) findings.add(path, 'bos', `starts with ${tokens[0]}, expected BOS ${bosId}`);
  if (documents !== shard.documents) {
    findings.add(path, 'documents', `${documents} documents by their BOS, expected ${shard.documents}`);
  }
}

/**
 * Deals the documents out again and compares each token shard's clusters: a document on the wrong side, and with it a
 * cluster in two splits, shows as another checksum.
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
  for await (const batch of readDocumentShards(documentsDir, documents.documents, findings.signal)) {
    for (let row = 0; row < batch.rows; row++) {
      const cluster = batch.string('cluster', row);
      piles[splitOf(cluster, tokens.validShare)].deal(cluster, batch.bytes('text', row).length);
    }
  }
  if (findings.signal.aborted) return;
  for (const split of SPLITS) piles[split].end();
}

/** The shards of one split, each to be filled with as many documents as its row of the manifest says. */
class Pile {
  readonly #dir: string;
  readonly #split: Split;
  readonly #shards: readonly TokenShard[];
  readonly #findings: Findings;
  #index = 0;
  #documents = 0;
  #textBytes = 0;
  #clusters = createChecksum();

  constructor(dir: string, manifest: TokenManifest, split: Split, findings: Findings) {
    this.#dir = dir;
    this.#split = split;
    this.#shards = manifest.shards.filter((shard) => shard.split === split);
    this.#findings = findings;
  }

  deal(cluster: string, textBytes: number): void {
    this.#documents++;
    this.#textBytes += textBytes;
    this.#clusters.update(Buffer.from(`${cluster}\n`));
    const shard = this.#shards[this.#index];
    if (!shard || this.#documents < shard.documents) return;
    const found = this.#clusters.digest();
    const fault = (check: string, fact: string): void => this.#findings.add(join(this.#dir, shard.file), check, fact);
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
