/**
 * The hand-written pages of the sample web: crawlers/sample/pages/<folder>/<slug>.md
 *
 *   title: Bến đò cũ          front matter, one `key: value` a line
 *   date: 2024-03-17
 *   section: Thơ
 *   kind: verse               optional; each line of the body is a line of verse
 *                             a blank line, then blocks separated by blank lines:
 *   ## Sub-heading            `- ` items make a list, everything else is a paragraph (a stanza in verse)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assetPath } from '../shell/assets.ts';
import { ToolkitError } from '../shell/errors.ts';

export type Block =
  | { readonly kind: 'heading' | 'paragraph'; readonly text: string }
  | { readonly kind: 'list' | 'stanza'; readonly lines: readonly string[] };

export interface PageFile {
  readonly slug: string;
  readonly title: string;
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly section: string;
  readonly kind: 'prose' | 'verse';
  /** The body as written. */
  readonly text: string;
}

/** Pages of one folder, newest first. @throws ToolkitError SAMPLE_PAGES_MISSING, BAD_PAGE_FILE. */
export function loadPages(folder: string): PageFile[] {
  const pages = assetPath('crawlers/sample/pages');
  if (pages === undefined) {
    throw new ToolkitError({
      code: 'SAMPLE_PAGES_MISSING',
      message: "the sample web's pages are missing: crawlers/sample/pages is not in the package",
      hint: 'install the package again',
    });
  }
  const dir = join(pages, folder);
  return readdirSync(dir)
    .filter((file) => file.endsWith('.md'))
    .map((file) => parsePageFile(file.slice(0, -'.md'.length), readFileSync(join(dir, file), 'utf8')))
    .sort((a, b) => b.date.localeCompare(a.date) || a.slug.localeCompare(b.slug));
}

export function parsePageFile(slug: string, source: string): PageFile {
  const border = source.indexOf('\n\n');
  const front = new Map(
    source
      .slice(0, border)
      .split('\n')
      .map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)] as const;
      }),
  );
  const field = (key: string): string => {
    const value = front.get(key);
    if (value) return value;
    throw new ToolkitError({ code: 'BAD_PAGE_FILE', message: `${slug}.md: the front matter has no "${key}: …" line` });
  };
  return {
    slug,
    title: field('title'),
    date: field('date'),
    section: field('section'),
    kind: front.get('kind') === 'verse' ? 'verse' : 'prose',
    text: source.slice(border + 2).trim(),
  };
}

export function blocksOf({ kind, text }: Pick<PageFile, 'kind' | 'text'>): Block[] {
  return text.split(/\n{2,}/).map((chunk): Block => {
    const lines = chunk.split('\n');
    if (kind === 'verse') return { kind: 'stanza', lines };
    if (lines.every((line) => line.startsWith('- ')))
      return { kind: 'list', lines: lines.map((line) => line.slice(2)) };
    if (chunk.startsWith('## ')) return { kind: 'heading', text: chunk.slice(3) };
    return { kind: 'paragraph', text: lines.join(' ') };
  });
}
