/** Opens a folder of tokens on this machine; `openTokensAt` in `http-ranges.ts` opens one behind HTTP. */
import { fileRanges } from '../arrow/file-ranges.ts';
import { readTokenManifest } from '../manifest.ts';
import { type TokenFolder, tokenFolder } from './source.ts';

/** Reads the manifest and no shard. @throws ToolkitError (exit 2) NO_MANIFEST, BAD_MANIFEST, NEWER_FORMAT, OLDER_FORMAT */
export function openTokens(dir: string): TokenFolder {
  return tokenFolder(readTokenManifest(dir), fileRanges(dir));
}
