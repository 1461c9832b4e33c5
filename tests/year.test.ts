/** The short form of `npm run year`. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from './support.ts';
import { simulateYear } from './year/year.ts';

it('nights after which the folder equals a build of the same state from nothing', async () => {
  const { wrong, documents } = await simulateYear(join(temporaryFolder(), 'year'), {
    ...{ nights: 7, pages: 8, seed: 1, models: [], changed: 0.2, vanished: 0.05, copied: 0.1 },
  });
  expect(wrong).toEqual([]);
  expect(documents).toBeGreaterThan(20);
});
