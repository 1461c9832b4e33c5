/**
 * Folders of tokens, opened by where they are: in a folder of this machine or behind HTTP. In a page everything is behind
 * HTTP: what needs Node is loaded only for a folder.
 */
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { badShard, pathOf } from '../arrow/ranges.ts';
import { checksumOf } from '../checksum.ts';
import { MANIFEST_FILE } from '../format.ts';
import { parseTokenManifest, type TokenManifest } from '../manifest-shape.ts';
import { fetchBytes, type HttpOptions, httpRanges } from './http.ts';
import { type TokenFolder, tokenFolder } from './source.ts';

export const isUrl = (where: string): boolean => /^https?:\/\//.test(where);

/**
 * Reads the manifest of a folder of tokens, given by its path or URL, and no shard.
 *
 *   const folder = await openTokens('vua-out/tokens');
 *   for await (const tokens of eachBatch(folder.source('train'))) count += tokens.length;
 *
 * @throws ToolkitError (exit 2) NO_MANIFEST, BAD_JSON, BAD_MANIFEST, NEWER_FORMAT, OLDER_FORMAT; of a URL also BAD_SHARD
 *   for what is not there, and REQUEST_FAILED (exit 1) when the server does not answer
 */
export async function openTokens(where: string, options: HttpOptions = {}): Promise<TokenFolder> {
  if (isUrl(where)) return reopenTokens(where, await fetchManifest(where, options), options);
  const { readTokenManifest } = await import('../manifest.ts');
  return reopenTokens(where, readTokenManifest(where));
}

/** The folder that `openTokens` opened somewhere else: in another thread, which got place and manifest as plain data. */
export async function reopenTokens(
  where: string,
  manifest: TokenManifest,
  options: HttpOptions = {},
): Promise<TokenFolder> {
  if (isUrl(where)) return tokenFolder(manifest, httpRanges(where, options));
  const { fileRanges } = await import('../arrow/file-ranges.ts');
  return tokenFolder(manifest, fileRanges(where));
}

/**
 * The files of the tokenizer behind a folder that lies behind HTTP, its checksum compared to the manifest's.
 * @throws ToolkitError BAD_SHARD, REQUEST_FAILED
 */
export async function fetchTokenizer({ where, manifest }: Pick<TokenFolder, 'where' | 'manifest'>) {
  const path = pathOf(where, 'tokenizer.json');
  const files = {
    'tokenizer.json': await fetchBytes(path),
    'tokenizer_config.json': await fetchBytes(pathOf(where, 'tokenizer_config.json')),
  };
  const found = checksumOf(files['tokenizer.json']);
  if (found !== manifest.tokenizer) throw badShard(path, `checksum ${found}, expected ${manifest.tokenizer}`);
  return files;
}

async function fetchManifest(base: string, options: HttpOptions): Promise<TokenManifest> {
  const url = pathOf(base, MANIFEST_FILE);
  const text = new TextDecoder().decode(await fetchBytes(url, options));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badInput('BAD_MANIFEST', `${url}: ${reasonOf(error)}`, 'does the address lead to a folder of tokens?', error);
  }
  return parseTokenManifest(value, url);
}
