/** Reads the pages of some files, as a crawl's WARC files would be read. */
import { openInput, ToolkitError } from 'vua/crawlers';

const passedOver = new Map<string, number>();
let [pages, bytes] = [0, 0];
for await (const page of openInput('pages', { skipped: passedOver })) {
  pages++;
  bytes += page.body.length;
}
console.log(`${pages} pages, ${bytes > 10_000 ? 'more' : 'less'} than 10 kB, passed over: ${passedOver.size}`);

try {
  for await (const { url } of openInput('nowhere')) console.log(url);
} catch (error) {
  if (!(error instanceof ToolkitError)) throw error;
  console.log(error.code, error.exitStatus);
}
