/** Which documents a tokenizer is evaluated on: held-out ones where there are shards, drawn over all by their hashes. */
import { SharedPassages } from '../../cleaning/vietnamese/terms.ts';
import { formatBytes } from '../../crawlers/shell/reporter.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { holdsDocuments, readTexts as readDocumentTexts, type SourceText } from '../../shards/documents/read.ts';
import { readTexts } from './documents.ts';

export interface DrawnTexts {
  /** In the order of their hashes. */
  readonly drawn: readonly SourceText[];
  /** Documents that there were to draw from. */
  readonly of: number;
  readonly isHeldOut: boolean;
}

/**
 * The documents of the lowest hashes, as many as fit into `maxBytes`, one at least: the same whatever their order.
 * @param share held out, 0…1; 0: all are drawn from. Files that `vua clean` reads have no split: all of them.
 * @throws ToolkitError as `readTexts`
 */
export async function drawTexts(
  path: string,
  { share, maxBytes, signal }: { readonly share: number; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<DrawnTexts> {
  const isHeldOut = share > 0 && holdsDocuments(path);
  const texts = isHeldOut ? readDocumentTexts(path, share, signal, 'valid') : readTexts(path, 0, signal);
  let known: { readonly hash: string; readonly source: string; readonly text: Uint8Array }[] = [];
  let [bytes, of] = [0, 0];
  for await (const { source, text } of texts) {
    of++;
    if (text.length === 0) continue;
    known.push({ hash: checksumOf(text), source, text: Uint8Array.from(text) });
    bytes += text.length;
    if (bytes > 4 * maxBytes) [known, bytes] = lowest(known, maxBytes);
  }
  const drawn = lowest(known, maxBytes)[0].map(({ source, text }) => ({ source, text: text.subarray(0, maxBytes) }));
  return { drawn, of, isHeldOut };
}

/** Bytes of each side at most: of what was drawn the runs of words lie in memory. */
const MOST = { drawn: 2 ** 21, train: 2 ** 24 } as const;

/** How much of what was drawn stands in training documents of the same folder, by runs of words: what no split can part. */
export async function drawnInTrain(
  path: string,
  drawn: readonly SourceText[],
  { share, signal }: { readonly share: number; readonly signal: AbortSignal },
): Promise<string> {
  const utf8 = new TextDecoder();
  const own: string[] = [];
  let left: number = MOST.drawn;
  for (const { text } of drawn) {
    if (left <= 0) break;
    own.push(utf8.decode(text));
    left -= text.length;
  }
  const passages = new SharedPassages(own);
  let heard = 0;
  for await (const { text } of readDocumentTexts(path, share, signal, 'train')) {
    passages.hear(utf8.decode(text));
    heard += text.length;
    if (heard >= MOST.train) break;
  }
  return `of their words stand in train ${passages.told} (${own.length} documents beside ${formatBytes(heard)} of train)`;
}

function lowest<T extends { readonly hash: string; readonly text: Uint8Array }>(
  texts: readonly T[],
  maxBytes: number,
): [T[], number] {
  const inOrder = [...texts].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  let [count, bytes] = [0, 0];
  while (count < inOrder.length && (count === 0 || bytes + inOrder[count].text.length <= maxBytes)) {
    bytes += inOrder[count++].text.length;
  }
  return [inOrder.slice(0, count), bytes];
}
