/** Documents of a folder of token shards as texts again, for questions that are made of them. */
import { eachBatch, type TokenFolder } from '../../shards/tokens/source.ts';
import { Tokenizer } from '../../tokenizer/load.ts';

export interface TextDocument {
  /** Empty where a folder of an older version does not say. */
  readonly source: string;
  readonly text: string;
}

/** In the order of the shards, one document in memory at a time. @throws ToolkitError BAD_SHARD, NO_TOKENIZER */
export async function* textsIn(folder: TokenFolder, split: 'train' | 'valid'): AsyncGenerator<TextDocument> {
  const tokenizer = await Tokenizer.load(folder.where);
  const sources: string[] = [];
  for (const shard of folder.manifest.shards) {
    const documents = shard.split === split ? await folder.documents(shard) : undefined;
    for (const source of documents?.source ?? []) sources.push(source);
  }
  let ids: number[] | undefined; // behind the first BOS
  let count = 0;
  for await (const batch of eachBatch(folder.source(split))) {
    for (const id of batch) {
      if (id !== tokenizer.bosId) ids?.push(id);
      else {
        if (ids) yield { source: sources[count++] ?? '', text: tokenizer.decode(ids) };
        ids = [];
      }
    }
  }
  if (ids) yield { source: sources[count] ?? '', text: tokenizer.decode(ids) };
}
