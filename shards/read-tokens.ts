/**
 * Token shards as flat typed arrays. A shard is read on first touch, each record batch straight to its place in one
 * SharedArrayBuffer, and compared to the manifest on the way:
 *
 *   file     │head│ batch 0 tokens │head│ batch 1 tokens │ … footer
 *   memory        │ batch 0 tokens │ batch 1 tokens │ …                one view, no copy; workers can share it
 */
import { join } from 'node:path';
import { TOKEN_ARRAYS, TOKEN_SCHEMAS, type TokenArray } from './format.ts';
import { readTokenManifest, type TokenManifest, type TokenShard, tokenFingerprint } from './manifest.ts';
import { ShardReader } from './read-shard.ts';
import type { Split } from './split.ts';

/** Arrow pads a record batch's body to 8 bytes. */
const PADDING_BYTES = 8;

export interface TokenView {
  readonly file: string;
  readonly split: Split;
  /** Tokens in this shard. */
  readonly length: number;
  /** All tokens of the shard: read and verified when first asked for, kept afterwards. @throws ToolkitError BAD_SHARD */
  readonly tokens: TokenArray;
}

export interface TokenStore {
  readonly manifest: TokenManifest;
  /** Changes with the tokens: training state remembers it. */
  readonly fingerprint: string;
  shards(split: Split): readonly TokenView[];
}

/** @throws ToolkitError (exit 2) NO_MANIFEST, BAD_MANIFEST, NEWER_FORMAT */
export function openTokens(dir: string): TokenStore {
  const manifest = readTokenManifest(dir);
  const views = manifest.shards.map((shard) => viewOf(dir, manifest, shard));
  return {
    manifest,
    fingerprint: tokenFingerprint(manifest),
    shards: (split) => views.filter((view) => view.split === split),
  };
}

function viewOf(dir: string, manifest: TokenManifest, shard: TokenShard): TokenView {
  let tokens: TokenArray | undefined;
  return {
    file: shard.file,
    split: shard.split,
    length: shard.rows,
    get tokens() {
      tokens ??= readTokenShard(dir, manifest, shard);
      return tokens;
    },
  };
}

/** @throws ToolkitError BAD_SHARD naming shard, batch, what was found and what was expected. */
export function readTokenShard(dir: string, { dtype }: TokenManifest, shard: TokenShard): TokenArray {
  const TokenArray = TOKEN_ARRAYS[dtype];
  const memory = new SharedArrayBuffer(shard.rows * TokenArray.BYTES_PER_ELEMENT + PADDING_BYTES);
  const bytes = new Uint8Array(memory);
  const reader = ShardReader.open(join(dir, shard.file), [TOKEN_SCHEMAS[dtype]], shard);
  try {
    let at = 0;
    for (let index = 0; index < reader.batchCount; index++) {
      const { rows } = reader.readBatch(index, bytes.subarray(at));
      at += rows * TokenArray.BYTES_PER_ELEMENT;
    }
  } finally {
    reader.close();
  }
  return new TokenArray(memory, 0, shard.rows);
}
