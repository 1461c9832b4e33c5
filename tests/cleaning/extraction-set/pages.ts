/**
 * A set of pages for extraction, written before it was run on them: `<p@>` marks an element that is main content, `<h1!>`
 * one that may stand in the text or not (titles, dates, names of authors). Half of the sites are sealed.
 */
import { createHash } from 'node:crypto';
import { load } from 'cheerio';
import { blocksOf, loadPages, type PageFile } from '../../../crawlers/sample/page-file.ts';
import { openSites } from './open-sites.ts';
import { sealedSites } from './sealed-sites.ts';

/** What a site is about to show. */
export interface Story {
  readonly title: string;
  readonly date: string;
  readonly section: string;
  readonly paragraphs: readonly string[];
  readonly others: readonly string[];
}

export interface Site {
  readonly name: string;
  /** No article with prose alone: forums, lists, goods, forms, verse, code, tables, broken and crowded pages. */
  readonly hard?: true;
  readonly page: (story: Story) => string;
}

export interface SetPage {
  readonly name: string;
  readonly hard: boolean;
  readonly html: string;
  readonly gold: string;
  /** Lines that count neither way. */
  readonly neutral: readonly string[];
}

const STORIES_A_SITE = 2;
const REFERENCES: Readonly<Record<string, string>> = { '&nbsp;': ' ', '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** Pages of sites: each site shows stories of its own. */
function pagesOf(sites: readonly Site[], stories: readonly Story[], name: string): SetPage[] {
  return sites.flatMap((site, i) =>
    Array.from({ length: STORIES_A_SITE }, (_, k) => {
      const marked = site.page(stories[(STORIES_A_SITE * i + k) % stories.length]);
      const $ = load(marked.replace(/<([a-z0-9]+)@/g, '<$1 data-gold').replace(/<([a-z0-9]+)!/g, '<$1 data-neutral'), {
        scriptingEnabled: false,
      });
      const textOf = (element: Parameters<typeof $>[0]): string =>
        ($(element).html() ?? '')
          .replace(/<[^>]+>/g, ' ')
          .replace(/&(?:nbsp|lt|gt|amp);/g, (reference) => REFERENCES[reference])
          .replace(/\s+/g, ' ')
          .trim();
      return {
        name: `${name}/${site.name}-${k + 1}`,
        hard: site.hard ?? false,
        html: marked.replace(/<([a-z0-9]+)[@!]/g, '<$1'),
        gold: $('[data-gold]').toArray().map(textOf).join('\n'),
        neutral: $('[data-neutral]').toArray().map(textOf),
      };
    }),
  );
}

function storyOf(page: PageFile, i: number, all: readonly PageFile[]): Story {
  const paragraphs = blocksOf(page).flatMap((block) => (block.kind === 'paragraph' ? [block.text] : []));
  const others = [1, 2, 3, 4, 5].map((step) => all[(i + 7 * step) % all.length].title);
  const { title, date, section } = page;
  return { title, date, section, paragraphs, others };
}

const prose = ['bao', 'sotay', 'vanhoc'].flatMap((folder) => loadPages(folder).filter(({ kind }) => kind === 'prose'));
const stories = prose.map(storyOf).filter(({ paragraphs }) => paragraphs.length >= 4);

export const openPages = (): SetPage[] => pagesOf(openSites, stories.slice(0, 40), 'open');
export const sealedPages = (): SetPage[] => pagesOf(sealedSites, stories.slice(40), 'sealed');

/** Of what was sealed: it is what it was when nobody had run extraction on it. */
export const sealOf = (pages: readonly SetPage[]): string =>
  createHash('sha256')
    .update(pages.map(({ html, gold }) => `${html}\n${gold}`).join('\n'))
    .digest('hex');

/** F1 of runs of five words, of one page: as WebMainBench scores (ROUGE-5). */
export function rouge5({ gold, neutral }: SetPage, got: string): number {
  const skip = new Set(neutral);
  const lines = got.split('\n').filter((line) => !skip.has(line.replace(/\s+/g, ' ').replace(/^#+ /, '').trim()));
  const [wanted, found] = [gramsOf(gold), gramsOf(lines.join('\n'))];
  const total = (grams: Map<string, number>): number => [...grams.values()].reduce((sum, count) => sum + count, 0);
  let common = 0;
  for (const [gram, count] of wanted) common += Math.min(count, found.get(gram) ?? 0);
  return total(wanted) + total(found) === 0 ? 1 : (2 * common) / (total(wanted) + total(found));
}

function gramsOf(text: string): Map<string, number> {
  const words = text.normalize('NFC').match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const grams = new Map<string, number>();
  for (let i = 0; i + 5 <= Math.max(5, words.length); i++) {
    const gram = words.slice(i, i + 5).join(' ');
    if (gram !== '') grams.set(gram, (grams.get(gram) ?? 0) + 1);
  }
  return grams;
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
