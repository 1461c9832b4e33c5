/**
 * Every figure of cleaning/README.md in one run: `vua bench clean [PART…]`.
 * Data and peers are named by VUA_PACK, VUA_TRAFILATURA, VUA_PEERS and VUA_PYTHON (data.ts); what is missing is said.
 */
import { machine } from './data.ts';

/** In the order of the README's table. */
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  extraction: async () => (await import('./extraction.ts')).extractionBench(),
  encodings: async () => (await import('./encodings.ts')).encodingsBench(),
  language: async () => (await import('./language.ts')).languageBench(),
  filters: async () => (await import('./filters.ts')).filtersBench(),
  'personal-data': async () => (await import('./personal-data.ts')).personalDataBench(),
  contamination: async () => (await import('./contamination.ts')).contaminationBench(),
  dedup: async () => (await import('./dedup.ts')).dedupBench(),
  stage: async () => (await import('./stage.ts')).stageBench(),
};

export const PART_NAMES = Object.keys(PARTS);

/** @param parts some of PART_NAMES; none for all */
export async function runBenchmarks(parts: readonly string[]): Promise<void> {
  process.stdout.write(`${machine()}\n`);
  for (const name of parts.length === 0 ? PART_NAMES : parts) {
    process.stdout.write(`\n== ${name}\n`);
    await PARTS[name]();
  }
}
