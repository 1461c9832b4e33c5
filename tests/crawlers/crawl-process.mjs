/** A crawl in a process of its own, to be killed: `crawl-process.mjs '{"outDir":…}'`. */
import { crawl } from '../../dist/crawlers/crawl.js';

for await (const _step of crawl(JSON.parse(process.argv[2]), new AbortController().signal)) {
  // only the folder counts
}
