/** The table of exit statuses: its order, and the documents that repeat it. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EXIT_STATUSES, gravest } from '../../crawlers/shell/command.ts';

/** As the issue of the table has it. */
const ORDER = [130, 1, 2, 3, 75, 4, 5, 0, 99];

it('stands in OPERATING and in CONTRIBUTING as it is', () => {
  expect(EXIT_STATUSES.map(([status]) => status)).toEqual(ORDER);
  const [, operating] = readFileSync('shards/OPERATING.md', 'utf8').split(/^## Exit statuses$/m);
  const rows = [...operating.matchAll(/^\| (\d+) +\| ([^|]+?) +\|/gm)].map(([, status, says]) => [
    Number(status),
    says,
  ]);
  const bySize = (rows: readonly (readonly [number, string] | readonly unknown[])[]) =>
    rows.toSorted(([a], [b]) => Number(a) - Number(b));
  expect(bySize(rows)).toEqual(bySize(EXIT_STATUSES));
  for (const text of [operating, readFileSync('CONTRIBUTING.md', 'utf8')]) expect(text).toContain(ORDER.join(', '));
});

it('of several the gravest is given, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(ORDER, { minLength: 1 }), ([first, ...others]) => {
      const expected = ORDER.find((status) => status === first || others.includes(status));
      expect(gravest(first, ...others)).toBe(expected);
    }),
  );
});

it('faults in inputs beside nothing new are said, whatever "nothing new" is called', () => {
  expect(gravest(99, 5)).toBe(5);
  expect(gravest(7, 5)).toBe(5);
  expect(gravest(7)).toBe(7);
});
