/**
 * Every figure on cleaning in one run: `npm run bench:cleaning -- [PART…]`.
 * Data and peers are named by VUA_PACK, VUA_TRAFILATURA, VUA_PEERS and VUA_PYTHON (data.ts); what is missing is said.
 */
import { machine } from './data.ts';

/** In the order of RESULTS.md's table. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  extraction: async () => (await import('./extraction.ts')).extractionBench(),
  'extraction-set': async () => {
    const { openPages, sealedPages } = await import('../../cleaning/extraction-set/pages.ts');
    (await import('./extraction.ts')).extractionSetBench({ open: openPages(), sealed: sealedPages() });
  },
  encodings: async () => (await import('./encodings.ts')).encodingsBench(),
  tones: async () => (await import('./tones.ts')).tonesBench(),
  language: async () => (await import('./language.ts')).languageBench(),
  filters: async () => (await import('./filters.ts')).filtersBench(),
  'personal-data': async () => (await import('./personal-data.ts')).personalDataBench(),
  contamination: async () => (await import('./contamination.ts')).contaminationBench(),
  duplicates: async () => (await import('./duplicates.ts')).duplicatesBench(),
  dedup: async () => (await import('./dedup.ts')).dedupBench(),
  stage: async () => (await import('./stage.ts')).stageBench(),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in PARTS));
if (unknown !== undefined) throw new Error(`part ${unknown}: expected ${Object.keys(PARTS).join(', ')}`);
process.stdout.write(`${machine()}\n`);
for (const name of asked.length === 0 ? Object.keys(PARTS) : asked) {
  process.stdout.write(`\n== ${name}\n`);
  await PARTS[name]();
}
