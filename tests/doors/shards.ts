/** Cleans files into document shards, and reads the shards. */
import { cleanInputs, readDocuments, readRejects } from 'vua/shards';

const { report } = await cleanInputs({ inputs: ['pages'], outDir: 'documents' });
let [documents, syllables] = [0, 0];
for await (const batch of readDocuments('documents')) {
  documents += batch.rows;
  for (const count of batch.values('syllables')) syllables += count;
}
const reasons = new Set<string>();
for await (const batch of readRejects('documents')) {
  for (let row = 0; row < batch.rows; row++) reasons.add(batch.string('reason', row));
}
console.log(documents === report.kept, syllables > 10_000, [...reasons].sort().join(' '));
