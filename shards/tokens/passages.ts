/** How much of what is held out stands in train, by passages: what no split by documents can part. */
import { SharedPassages } from '../../cleaning/vietnamese/terms.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { Sides } from '../documents/groups.ts';
import { readDocumentShards, sideOf } from '../documents/read.ts';
import type { DocumentManifest, TokenManifest } from '../manifest-shape.ts';
import type { Split } from '../split.ts';

/** Bytes that are read of each side at most: of what is held out the runs of words lie in memory. */
const MOST: Readonly<Record<Split, number>> = { valid: 2 ** 21, train: 2 ** 24 };

/** One line; none where nothing is held out, or the signal was aborted. @throws ToolkitError as `readDocumentShards` */
export async function passagesNote(
  documentsDir: string,
  documents: DocumentManifest,
  tokens: Pick<TokenManifest, 'validShare' | 'contaminated'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const sides = Sides.of(documentsDir, documents);
  async function* textsOf(split: Split): AsyncGenerator<string> {
    let left = MOST[split];
    for await (const batch of readDocumentShards(documentsDir, documents.documents, signal)) {
      for (let row = 0; row < batch.rows; row++) {
        if (tokens.contaminated === 'drop' && batch.bytes('contamination', row).length > 0) continue;
        if (sideOf(sides, batch, row, tokens.validShare) !== split) continue;
        left -= batch.bytes('text', row).length;
        yield batch.string('text', row);
        if (left <= 0) return;
      }
    }
  }
  const held: string[] = [];
  for await (const text of textsOf('valid')) held.push(text);
  if (held.length === 0) return undefined;
  const passages = new SharedPassages(held);
  let heard = 0;
  for await (const text of textsOf('train')) {
    passages.hear(text);
    heard += Buffer.byteLength(text);
  }
  if (signal.aborted) return undefined;
  const bytes = held.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return `held out: of its words stand in train ${passages.told} (${formatBytes(bytes)} of it beside ${formatBytes(heard)} of train)`;
}
