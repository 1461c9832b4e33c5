/** A seeded sample of `npm run crash`: a night killed, failed and robbed of its power, and nights of a crawl. */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { crawlNights } from './crash/crawl-nights.ts';
import { NIGHTS_SHORT, type Prepared, prepare, sampleOf, tryCase } from './crash/parts.ts';
import { hasStrace } from './crash/trace.ts';
import { temporaryFolder } from './support.ts';

const SEED = 20_261_130;
let stage: Prepared;
beforeAll(async () => {
  stage = await prepare(temporaryFolder('file'));
});

const wrongIn = async (part: Parameters<typeof sampleOf>[0], count: number): Promise<string[]> => {
  const wrong: string[] = [];
  for (const one of sampleOf(part, stage, SEED, count)) wrong.push(...(await tryCase(one, stage, temporaryFolder())));
  return wrong;
};

it('operations of Node that fail: said, and the next night is whole', async () => {
  expect(await wrongIn('node', 3)).toEqual([]);
});

it('kills and power cuts, from the log of strace', async (context) => {
  context.skip(!hasStrace(), 'strace is not here, or may not trace');
  expect(await wrongIn('kill', 2)).toEqual([]);
  expect(await wrongIn('power', 4)).toEqual([]);
});

it('nights of a crawl in virtual time', async () => {
  expect(await crawlNights(join(temporaryFolder(), 'nights'), SEED, NIGHTS_SHORT)).toEqual([]);
});
