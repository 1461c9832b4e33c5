/** The folders of documents at or below DIR, as a reader may choose among them. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../crawlers/shell/folder.ts';
import { DOCUMENTS, MANIFEST_FILE, SNAPSHOT_FILE } from '../format.ts';
import { findFolders, readDocumentManifest } from '../manifest.ts';
import { documentFingerprint } from '../manifest-shape.ts';
import { currentSnapshot, readSnapshots } from '../snapshots/read.ts';
import { foldersIn } from './below.ts';
import type { Corpus, Root } from './view.ts';

/** How deep below the folder is searched. */
const DEPTH = 3;
const MOST = 200;

/** @throws ToolkitError BAD_INPUT (exit 2) when DIR is no folder */
export function openRoot(given: string): Root {
  let dir: string;
  try {
    dir = realpathSync(given);
    if (!statSync(dir).isDirectory()) throw new Error('not a folder');
  } catch (error) {
    throw badInput('BAD_INPUT', `${given}: ${reasonOf(error)}`, 'give a folder that `vua run` or `vua clean` wrote');
  }
  const corpora = () => findCorpora(dir);
  return {
    dir,
    corpora,
    corpus(wanted) {
      const all = corpora();
      if (all.length === 0)
        throw badInput('NO_DOCUMENTS', `${dir}: no documents in it`, 'make some with `vua run` or `vua clean`');
      const found = !wanted ? all[0] : all.find(({ id, name }) => id === wanted || name === wanted);
      if (found !== undefined) return found;
      const names = all.slice(0, 8).map(({ name, id }) => `${name} (${id})`);
      throw badInput('NO_SNAPSHOT', `${dir}: no documents called ${wanted}, there are ${names.join(', ')}`);
    },
  };
}

function findCorpora(root: string): Corpus[] {
  const found: Corpus[] = [];
  const look = (dir: string, depth: number): void => {
    if (found.length >= MOST) return;
    if (existsSync(join(dir, SNAPSHOT_FILE)) && existsSync(join(dir, 'snapshots'))) {
      found.push(...ofRun(root, dir));
      return;
    }
    const own = folderAt(root, dir);
    if (own !== undefined) {
      found.push(own);
      return;
    }
    if (depth === DEPTH) return;
    for (const name of foldersIn(dir)) look(join(dir, name), depth + 1);
  };
  look(root, 0);
  return found;
}

/** Snapshots of a run, the newest first; of those that hold the same documents the newest. */
function ofRun(root: string, run: string): Corpus[] {
  const current = currentSnapshot(run);
  const path = relative(root, run);
  const seen = new Set<string>();
  return readSnapshots(run)
    .toSorted(
      (a, b) => Number(b.name === current?.name) - Number(a.name === current?.name) || (a.name < b.name ? 1 : -1),
    )
    .flatMap(({ name, documents, tokens, tokenizer, record }) => {
      if (seen.has(record.documents) || !existsSync(join(documents, MANIFEST_FILE))) return [];
      seen.add(record.documents);
      return {
        ...{ id: record.documents, name: path === '' ? name : `${path}/${name}`, documents, run, record },
        ...there({ tokens, tokenizer }),
        isCurrent: name === current?.name,
      };
    });
}

/** A folder of documents, or of a run before there were snapshots. */
function folderAt(root: string, dir: string): Corpus | undefined {
  const isOne = [dir, join(dir, 'documents')].some((folder) => isOfDocuments(folder));
  if (!isOne) return undefined;
  const { documents, tokens: own } = findFolders(dir);
  if (documents === undefined) return undefined;
  const id = documentFingerprint(readDocumentManifest(documents));
  const parent = documents === dir ? join(dir, '..') : dir;
  const tokens = own ?? join(parent, 'tokens');
  return {
    id,
    name: relative(root, dir) || relative(join(root, '..'), dir),
    documents,
    ...there({ ...(isMadeOf(tokens, id) && { tokens }), tokenizer: join(parent, 'tokenizer') }),
    ...(documents !== dir && { run: dir }),
    isCurrent: true,
  };
}

/** Whether these tokens are of documents with this fingerprint: a folder beside them may be of others. */
const isMadeOf = (tokens: string, id: string): boolean =>
  readJsonIfPresent<{ documents?: unknown }>(join(tokens, MANIFEST_FILE))?.documents === id;

const isOfDocuments = (dir: string): boolean => {
  const path = join(dir, MANIFEST_FILE);
  return existsSync(path) && readJsonIfPresent<{ format?: unknown }>(path)?.format === DOCUMENTS.format;
};

const there = <Names extends Partial<Record<string, string>>>(folders: Names): Partial<Names> =>
  Object.fromEntries(Object.entries(folders).filter(([, path]) => existsSync(path!))) as Partial<Names>;
