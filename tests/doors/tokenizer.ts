/** Trains a tokenizer on document shards, encodes and decodes, and turns the documents into tokens. */
import { eachBatch, openTokens } from 'vua/shards';
import { Tokenizer, trainTokenizer, writeTokenShards } from 'vua/tokenizer';

await trainTokenizer({ documents: ['documents'], vocabSize: 1024, validShare: 0.2, out: 'tokenizer' });
const tokenizer = await Tokenizer.load('tokenizer');
const ids = tokenizer.encode('Buổi sáng trên sông');
console.log(tokenizer.vocabSize, tokenizer.decode(ids), ids.length < 15);

await writeTokenShards({ documents: 'documents', tokenizer: 'tokenizer', out: 'tokens', validShare: 0.2 });
const tokens = await openTokens('tokens');
let documents = 0;
for await (const batch of eachBatch(tokens.source('train'))) {
  for (const id of batch) if (id === tokenizer.bosId) documents++;
}
console.log(documents);
