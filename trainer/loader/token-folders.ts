/** The folders of tokens that a run trains on: on this machine or behind HTTP, one or several. */
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { badShard, pathOf } from '../../shards/arrow/ranges.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { fetchBytes, openTokensAt } from '../../shards/tokens/http.ts';
import { openTokens } from '../../shards/tokens/open.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import { isUrl } from './ring.ts';

/** @throws ToolkitError (exit 2) OTHER_TOKENIZER when their ids mean different texts, and those of openTokens */
export async function openFolders(places: readonly string[]): Promise<TokenFolder[]> {
  const folders = await Promise.all(places.map((place) => (isUrl(place) ? openTokensAt(place) : openTokens(place))));
  const [first] = folders;
  const other = folders.find(({ manifest }) => manifest.tokenizer !== first.manifest.tokenizer);
  if (other === undefined) return folders;
  throw badInput(
    'OTHER_TOKENIZER',
    `${other.where}: made with tokenizer ${other.manifest.tokenizer}, ${first.where} with ${first.manifest.tokenizer}`,
    'make both with one tokenizer: `vua tokens --tokenizer DIR`',
  );
}

/** A local folder with the tokenizer's files: that of the tokens, or a copy of them in `out`. */
export async function tokenizerFolder({ where, manifest }: TokenFolder, out: string): Promise<string> {
  if (!isUrl(where)) return where;
  const dir = join(out, 'tokenizer');
  const json = await fetchBytes(pathOf(where, 'tokenizer.json'));
  const found = checksumOf(json);
  if (found !== manifest.tokenizer) {
    throw badShard(pathOf(where, 'tokenizer.json'), `checksum ${found}, expected ${manifest.tokenizer}`);
  }
  writeFileAtomic(join(dir, 'tokenizer_config.json'), await fetchBytes(pathOf(where, 'tokenizer_config.json')));
  writeFileAtomic(join(dir, 'tokenizer.json'), json);
  return dir;
}
