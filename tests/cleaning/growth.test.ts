/** Text made to be read again from each of its lines, words or letters: every station reads it in linear time. */
import { test } from 'vitest';
import { restoreCapitals } from '../../cleaning/decode/capitals.ts';
import { withoutMachinery } from '../../cleaning/decode/markdown.ts';
import { decodeViqr } from '../../cleaning/decode/written-marks.ts';
import { extract } from '../../cleaning/html/extract.ts';
import { normalize } from '../../cleaning/vietnamese/normalize.ts';
import { expectLinear } from '../growth.ts';
import { story } from './support.ts';

const VIQR = "Vie^.t Nam la` mo^.t nu+o+'c cu?a nhu+~ng ngu+o+`i ddu+o+.c kho^ng ca'c dda~ tu+` ";

/** A statement of one author with so many dashes in its names. */
const authored = (dashes: number): string =>
  JSON.stringify({ '@type': 'Article', author: [...Array(Math.ceil(dashes / 300)).fill('-'.repeat(300)), 'x'] });

const PILES: readonly (readonly [
  name: string,
  from: number,
  pile: (n: number) => string,
  read: (text: string) => unknown,
])[] = [
  ['Markdown: one comment at the end', 4e5, (n) => `${'lời nói\n'.repeat(n / 8)}<!-- x -->`, withoutMachinery],
  ['Markdown: fences before a comment', 2e5, (n) => `${'```\n'.repeat(n / 4)}<!--`, withoutMachinery],
  ['Markdown: comments that never end', 4e5, (n) => '<!-- '.repeat(n / 5), withoutMachinery],
  ['Markdown: comments in one line', 1e6, (n) => `${'<!--x-->'.repeat(n / 8)}\nx`, withoutMachinery],
  ['Markdown: brackets that never close', 1e5, (n) => '![['.repeat(n / 3), withoutMachinery],
  ['one word of letters with tones', 4e5, (n) => `ế ${'ế'.repeat(n)}`, normalize],
  ['one word beside another in Cyrillic letters', 2e4, (n) => `ế аb ${'x'.repeat(n)}`, normalize],
  ['one word in VIQR', 4e4, (n) => `${VIQR}${'x'.repeat(n)},`, decodeViqr],
  ['words of TCVN3 that tell no case', 4e4, (n) => `NGHĩA ${'ý '.repeat(n / 2)}`, (text) => restoreCapitals(text)],
  [
    'dashes in the name of an author',
    4e4,
    (n) => `<script type="application/ld+json">${authored(n)}</script><p>${story(1)}</p>`,
    (html) => extract(html),
  ],
  [
    'boxes named as dates in each other',
    2e4,
    (n) => `${'<div class="post-date">'.repeat(Math.min(1_900, n / 50))}${'và '.repeat(n / 3)}`,
    (html) => extract(html),
  ],
];

test.each(PILES)('%s', (_, from, pile, read) => expectLinear(pile, read, { from }));
