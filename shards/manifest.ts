/**
 * manifest.json: which shards a folder holds, with rows and checksums. A file that the manifest does not list is no part
 * of the folder, so replacing this one file is how a folder moves from one valid state to the next.
 */
import { existsSync, lstatSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { badInput } from '../crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../crawlers/shell/folder.ts';
import { DOCUMENTS, MANIFEST_FILE, type ShardKind, SNAPSHOT_FILE, shardIndex, shardOf, TOKENS } from './format.ts';
import {
  type DocumentManifest,
  MANIFESTS,
  otherFormat,
  parseDocumentManifest,
  parseTokenManifest,
  type ShardEntry,
  type TokenManifest,
} from './manifest-shape.ts';

/**
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_JSON, BAD_MANIFEST naming the key at fault, NEWER_FORMAT or OLDER_FORMAT.
 */
export function readDocumentManifest(dir: string): DocumentManifest {
  return parseDocumentManifest(readManifest(dir, DOCUMENTS.format), manifestPath(dir));
}

/** @throws as `readDocumentManifest` */
export function readTokenManifest(dir: string): TokenManifest {
  return parseTokenManifest(readManifest(dir, TOKENS.format), manifestPath(dir));
}

export const manifestPath = (dir: string): string => join(dir, MANIFEST_FILE);

/** The bytes of manifest.json; also what a store keeps as the committed state. */
export function manifestJson(manifest: DocumentManifest | TokenManifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

/** Replaces the folder's manifest: before it the old shards are valid, after it the new ones. */
export function writeManifest(dir: string, manifest: DocumentManifest | TokenManifest): void {
  writeFileAtomic(manifestPath(dir), manifestJson(manifest));
}

/**
 * The folder itself; of a run's folder its current snapshot, of a folder in it that folder of the snapshot. Links are
 * followed once, here: what is read then is of one night, whatever is published meanwhile.
 */
export function settled(dir: string): string {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return dir;
  const current = join(dir, 'current');
  const isRun =
    lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(join(current, SNAPSHOT_FILE));
  if (!isRun && !existsSync(dir)) return dir;
  const real = realpathSync(isRun ? current : dir);
  if (!isRun && !existsSync(join(dirname(real), SNAPSHOT_FILE))) return dir;
  const near = relative('', real);
  return isAbsolute(dir) || near.startsWith('..') ? real : near;
}

export interface RunFolders {
  readonly documents?: string;
  readonly tokens?: string;
}

/**
 * What a folder holds: documents, tokens, or as the folder of a whole run both, below it.
 * @throws ToolkitError NO_MANIFEST (exit 2) when neither.
 */
export function findFolders(given: string): RunFolders {
  const dir = settled(given);
  const format = (readJsonIfPresent(manifestPath(dir)) as { format?: unknown } | undefined)?.format;
  if (format === DOCUMENTS.format) return { documents: dir };
  if (format === TOKENS.format) return { tokens: dir };
  const [documents, tokens] = ['documents', 'tokens']
    .map((name) => join(dir, name))
    .map((folder) => (existsSync(manifestPath(folder)) ? folder : undefined));
  if (format === undefined && (documents ?? tokens) === undefined) {
    throw badInput(
      'NO_MANIFEST',
      `${dir}: no ${MANIFEST_FILE} here, in documents/ or in tokens/`,
      existsSync(join(dir, 'snapshots'))
        ? `its nights stand in ${join(dir, 'snapshots')}, and none is current: \`vua rollback ${dir} --to NAME\`, or the next night, puts that right`
        : 'give a folder that `vua clean`, `vua tokens` or `vua run` wrote',
    );
  }
  if (format !== undefined) throw otherFormat(manifestPath(dir), format, [DOCUMENTS.format, TOKENS.format]);
  return { documents, tokens };
}

/** Removes shards of these kinds that `listed` does not name, and what a killed writer left unfinished. */
export function removeOrphans(
  dir: string,
  kinds: readonly ShardKind[],
  listed: readonly Pick<ShardEntry, 'file'>[],
): string[] {
  const keep = new Set(listed.map((shard) => shard.file));
  const isOurs = (name: string): boolean =>
    kinds.some((kind) => shardIndex(kind, shardOf(name)) !== undefined) || name === MANIFEST_FILE;
  const orphans = readdirSync(dir).filter((name) => {
    const published = name.replace(/(?<=\.(arrow|feather))\.tmp$/, '').replace(/(?<=\.json)\.\d+\.tmp$/, '');
    return isOurs(published) && (published !== name || (name !== MANIFEST_FILE && !keep.has(name)));
  });
  for (const name of orphans) rmSync(join(dir, name));
  return orphans;
}

/** Removes files of one name by content, and what a killed writer left of them, but `kept`: those of earlier manifests. */
export function removeOthers(dir: string, name: RegExp, kept: { readonly file: string } | undefined): void {
  for (const file of existsSync(dir) ? readdirSync(dir) : []) {
    if (name.test(file.replace(/\.\d+\.tmp$/, '')) && file !== kept?.file) rmSync(join(dir, file), { force: true });
  }
}

function readManifest(dir: string, format: keyof typeof MANIFESTS): unknown {
  const value = readJsonIfPresent<unknown>(manifestPath(dir));
  if (value !== undefined) return value;
  const { what, made } = MANIFESTS[format];
  throw badInput(
    'NO_MANIFEST',
    `${dir}: no ${MANIFEST_FILE}, so no ${what} here`,
    `give a folder that \`${made}\` wrote`,
  );
}
