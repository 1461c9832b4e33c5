/** The folders of tokens at or below a folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { MANIFEST_FILE, SNAPSHOT_FILE, TOKENS } from '../format.ts';
import { readTokenManifest } from '../manifest.ts';
import type { FoundFolder } from '../tokens/source.ts';

/** How deep below the folder is searched, and how many folders are shown. */
const DEPTH = 4;
const MOST = 500;

/** Of a run: what it publishes next, and has published before. */
const BEHIND_RUN = /^(snapshots|work|held)$/;

/**
 * By path. Links to folders are not followed, but that to the tokens of a run; hidden folders and node_modules are passed
 * over.
 */
export function findTokenFolders(root: string): FoundFolder[] {
  const found: FoundFolder[] = [];
  const look = (path: string, depth: number): void => {
    if (found.length >= MOST) return;
    const dir = join(root, path);
    const folder = tokenFolderAt(dir, path);
    if (folder) found.push(folder);
    if (depth === DEPTH) return;
    const isRun = existsSync(join(dir, SNAPSHOT_FILE));
    for (const entry of entriesOf(dir)) {
      if (!entry.isDirectory() && !(isRun && entry.name === 'tokens')) continue;
      if (/^(\.|node_modules$)/.test(entry.name) || (isRun && BEHIND_RUN.test(entry.name))) continue;
      look(path === '' ? entry.name : `${path}/${entry.name}`, depth + 1);
    }
  };
  look('', 0);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A folder that cannot be read holds nothing for us. */
function entriesOf(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

function tokenFolderAt(dir: string, path: string): FoundFolder | undefined {
  const file = join(dir, MANIFEST_FILE);
  if (!existsSync(file)) return undefined;
  try {
    const head = readJsonIfPresent<{ format?: unknown }>(file);
    if (head?.format !== TOKENS.format) return undefined; // of documents, or not ours
    const { vocabSize, tokenizer, shards } = readTokenManifest(dir);
    const tokens = (split: 'train' | 'valid'): number =>
      shards.reduce((sum, shard) => sum + (shard.split === split ? shard.rows : 0), 0);
    return {
      path,
      vocabSize,
      tokenizer,
      trainTokens: tokens('train'),
      validTokens: tokens('valid'),
      documents: shards.reduce((sum, shard) => sum + shard.documents, 0),
    };
  } catch (error) {
    if (error instanceof ToolkitError) return { path, problem: error.message };
    throw error;
  }
}
