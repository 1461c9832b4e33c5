/** The web of many hosts (tests/web), a fifth of its kinds: `npm run web` has all of them, twice and in other states. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support.ts';
import { chaos } from '../web/chaos.ts';
import { KINDS } from '../web/kinds.ts';
import { budgetFaults, wholeCrawl } from '../web/runs.ts';

const SHORT = [
  ...['a chain of meta refreshes', 'sitemaps nested, packed, of wrong types', 'a name in Vietnamese', 'a secure seed'],
  ...[
    'robots.txt in UTF-16',
    'robots.txt 503',
    'robots.txt cut',
    'GPTBot is shut out',
    'Content-Signal',
    'inside by a name',
  ],
  ...['rebinding', 'robots.txt leads inside', 'a calendar', 'visitor ids, one for a page', 'circles of redirects'],
  ...['two lengths', 'gzip cut', '100 before the answer', 'the same length twice'],
];

describe.skipIf(process.platform !== 'linux')('a web of nineteen hosts', () => {
  const kinds = KINDS.filter(({ name }) => SHORT.includes(name));

  it('is asked for nothing that it should not be, and all that should be there is', async () => {
    expect(kinds.map(({ name }) => name).sort()).toEqual([...SHORT].sort());
    expect((await wholeCrawl(kinds.length, temporaryFolder(), kinds)).faults).toEqual([]);
  });

  it('keeps to its budgets', async () => {
    for (const budget of [{ maxRequests: 23 }, { maxHostRequests: 2 }])
      expect((await budgetFaults(kinds.length, temporaryFolder(), budget, kinds)).faults).toEqual([]);
  });

  it('comes home whole in the end, whatever servers, lines and disks did before', async () => {
    expect((await chaos(temporaryFolder(), { seed: 3, kills: 0, fullDisks: 1 })).faults).toEqual([]);
  });
});
