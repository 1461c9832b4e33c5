/**
 * Cleans the sample pages in a process of its own that kills itself with SIGKILL at a given moment:
 *   page N            while page N is being read, a shard half written
 *   before-commit N   shards durable, the store not committed
 *   after-commit N    the store committed, manifest.json still the old one
 * clean-child.mjs PAGES OUT MOMENT N [THREADS]
 */
import { DedupStore } from '../../dist/cleaning/dedup/store.js';
import { createReporter } from '../../dist/crawlers/shell/reporter.js';
import { openInput } from '../../dist/crawlers/sources/index.js';
import { cleanInputs } from '../../dist/shards/documents/clean-inputs.js';

const [pagesDir, outDir, point, count, threads] = process.argv.slice(2);

let reached = 0;
function moment(name) {
  if (name === point && ++reached === Number(count)) process.kill(process.pid, 'SIGKILL');
}

const commit = DedupStore.prototype.commit;
DedupStore.prototype.commit = function (manifestJson) {
  moment('before-commit');
  commit.call(this, manifestJson);
  moment('after-commit');
};

async function* pages() {
  for await (const page of openInput(pagesDir, { withNotices: true })) {
    moment('page');
    yield page;
  }
}

const report = createReporter({ json: false }, { write: () => true }, { write: () => true });
const signal = new AbortController().signal;
await cleanInputs(
  { pages: pages(), outDir, shardBytes: 30_000, threads: threads === undefined ? undefined : Number(threads) },
  { signal, report },
);
