/** Document shards → token shards with a tokenizer of a folder: what `vua tokens` and `vua run` do. */
import { unattended } from '../crawlers/shell/work.ts';
import { writeTokens } from '../shards/tokens/write.ts';
import { Tokenizer } from './load.ts';
import { VALID_SHARE } from './train/defaults.ts';

export interface TokenShardOptions {
  /** Folder of document shards. */
  readonly documents: string;
  readonly tokenizer: string;
  readonly out: string;
  readonly validShare?: number;
}

/**
 * Encodes all documents, unless the folder holds exactly that already.
 * @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER (exit 2) and those of writeTokens.
 */
export async function writeTokenShards(
  options: TokenShardOptions,
  work = unattended(),
): ReturnType<typeof writeTokens> {
  const tokenizer = await Tokenizer.load(options.tokenizer);
  const { vocabSize, bosId } = tokenizer;
  return writeTokens(
    {
      documentsDir: options.documents,
      tokenizerDir: options.tokenizer,
      outDir: options.out,
      encode: (text) => tokenizer.encode(text),
      vocabSize,
      bosId,
      validShare: options.validShare ?? VALID_SHARE,
    },
    work,
  );
}
