/** The folders of tokens that a run trains on: on this machine or behind HTTP, one or several. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { openTokens, type TokenFolder } from '../../shards/tokens/source.ts';

/** @throws ToolkitError (exit 2) OTHER_TOKENIZER when their ids mean different texts, and those of openTokens */
export async function openFolders(places: readonly string[]): Promise<TokenFolder[]> {
  const folders = await Promise.all(places.map((place) => openTokens(place)));
  const [first] = folders;
  const other = folders.find(({ manifest }) => manifest.tokenizer !== first.manifest.tokenizer);
  if (other === undefined) return folders;
  throw badInput(
    'OTHER_TOKENIZER',
    `${other.where}: made with tokenizer ${other.manifest.tokenizer}, ${first.where} with ${first.manifest.tokenizer}`,
    'make both with one tokenizer: `vua tokens --tokenizer DIR`',
  );
}
