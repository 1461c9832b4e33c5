/**
 * What `vua inspect` costs over many documents: `npm run bench:inspector`.
 *
 *   npm run bench:inspector                    100,000 documents, a tenth of them rejects
 *   npm run bench:inspector -- 1000000         more; 3 GB on the disk
 *
 * Each answer is asked twice: the first reads the columns that it needs, the second is what a click costs. CPU seconds of
 * the process beside the clock, which says nothing on a busy machine.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { recipeOf } from '../../../cleaning/recipe.ts';
import { DocumentWriter } from '../../../shards/documents/write.ts';
import { DOCUMENTS } from '../../../shards/format.ts';
import { startServer } from '../../../shards/inspector/server.ts';
import { documentViews } from '../../../shards/inspector/views.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import type { DocumentManifest } from '../../../shards/manifest-shape.ts';
import { openSearch } from '../../../shards/search/search.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { document, drop } from '../../shards/support.ts';
import { dice, sentences } from './texts.ts';

const count = Number(process.argv[2] ?? 100_000);

function write(dir: string): void {
  const writer = new DocumentWriter(dir, { firstIndex: 0 });
  const manifest: DocumentManifest = { ...DOCUMENTS, recipe: recipeOf({}), documents: [], rejects: [] };
  const take = (): void => {
    const { documents, rejects } = writer.finish();
    manifest.documents.push(...documents);
    manifest.rejects.push(...rejects);
  };
  const [next, roll] = [sentences(7), dice(5)];
  for (let n = 0; n < count; n++) {
    const text = Array.from({ length: 4 + roll(16) }, next).join(' ');
    const syllables = text.split(' ').length;
    const one = document(n, { text, url: `https://bao${roll(500)}.vua.test/bai-${n}`, source: `bao${n % 40}` });
    const measurements = {
      ...one.measurements,
      syllables,
      bytes: Buffer.byteLength(text),
      diacritic_ratio: 0.5 + roll(500) / 1000,
    };
    if (n % 10 === 9) writer.drop(drop(n, { ...one, measurements, stage: 'filter', reason: 'too_short' }));
    else writer.add({ ...one, measurements });
    if (writer.isFull) take();
  }
  take();
  writeManifest(dir, manifest);
}

const QUERIES = {
  corpora: '',
  overview: '',
  histograms: '',
  documents: '',
  'documents: by a measurement': 'order=-syllables&offset=5000',
  'documents: one host': 'host=bao7.vua.test',
  'documents: a range': 'syllables=100..150',
  'documents: a sample': 'sample=50&seed=3',
  'documents: two words': 'q=m%C3%B9a%20thu',
  'documents: a phrase': 'q=%22tr%E1%BB%9Di%20m%C6%B0a%22',
  'overview: a range': 'syllables=100..150',
  'histograms: a range': 'syllables=100..150',
  rules: '',
  'what-if': 'threshold=too_short%3D90',
  'what-if: again elsewhere': 'threshold=too_short%3D140',
} as const;

const dir = makeTemporaryFolder();
const corpus = join(dir, 'documents');
try {
  mkdirSync(corpus);
  write(corpus);
  (await openSearch(corpus)).close();
  const server = await startServer({ dir, host: '127.0.0.1', port: 0, views: documentViews, pages: {} });
  for (const [name, query] of Object.entries(QUERIES)) {
    const said: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const [before, clock] = [process.cpuUsage(), performance.now()];
      const again =
        turn === 0 ? query : query.replace('100..150', '101..151').replace('=90', '=91').replace('=140', '=141');
      const response = await fetch(`${server.address}/api/${name.split(':')[0]}?${again}`);
      const answer = await response.text();
      const { user, system } = process.cpuUsage(before);
      said.push(`${((user + system) / 1000).toFixed(0)} ms of CPU, ${(performance.now() - clock).toFixed(0)} ms`);
      if (response.status !== 200 || answer.includes('"isMaking":true')) said.push(answer.slice(0, 200));
    }
    console.log(`${name.padEnd(30)} ${said.join(' │ ')}`);
  }
  console.log(`memory: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
  await server.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
