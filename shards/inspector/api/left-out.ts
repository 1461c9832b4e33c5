/** What extraction left out of the page of a document, from the archive of its run: as a list, and in the page. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { leftOutOf, markedPage } from '../../../cleaning/read-page.ts';
import { knownRecipe } from '../../../cleaning/recipe.ts';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { pageOf } from '../../explain/left-out.ts';
import { manifestPath } from '../../manifest.ts';
import { endpoint, type Root } from '../view.ts';
import { rowsOfId } from '../words.ts';
import { tableIn } from './overview.ts';

const query = z.object({ corpus: z.string().optional(), id: z.string() });
/** Characters of a part in the list. */
const MOST_TEXT = 2000;

/** The page of a document as its run fetched it; none where its archive is not in the folder, or nobody waits any more. */
async function fetchedPage({ corpus, id }: z.infer<typeof query>, root: Root, signal: AbortSignal) {
  const { run, documents: dir } = root.corpus(corpus);
  const archive = run === undefined ? undefined : join(run, 'crawl', 'warc');
  if (archive === undefined || !existsSync(archive)) return { hasArchive: false };
  const table = tableIn(root, corpus);
  const [number] = await rowsOfId(table, id);
  if (number === undefined) throw badInput('UNKNOWN_DOCUMENT', `${dir}: no document and no reject with id ${id}`);
  const row = table.row(number);
  const { paragraphs } = knownRecipe(table.manifest.recipe, manifestPath(table.dir));
  const page = await pageOf(row.string('url'), row.string('fetched_at'), [archive], signal);
  return { hasArchive: true, paragraphs, page };
}

export const leftOut = endpoint({
  path: 'left-out',
  about: 'what extraction left out of the page of a document, and why, from the archive of its run',
  query,
  async answer(asked, root, signal) {
    const { hasArchive, page, paragraphs } = await fetchedPage(asked, root, signal);
    if (!hasArchive) return { hasArchive, leftOut: [] };
    const found = page && leftOutOf(page, paragraphs);
    const [parts, why] = typeof found === 'string' ? [[], found] : [found ?? [], null];
    return {
      ...{ hasArchive, fetchedAt: page?.fetchedAt ?? null, why },
      leftOut: parts
        .slice(0, 300)
        .map(({ text, ...part }) => ({ ...part, text: text.slice(0, MOST_TEXT), length: text.length })),
    };
  },
});

export const original = endpoint({
  path: 'original',
  about: 'the page of a document as it was fetched, as elements without attributes, what was left out marked',
  query,
  async answer(asked, root, signal) {
    const { hasArchive, page, paragraphs } = await fetchedPage(asked, root, signal);
    if (!hasArchive) return { hasArchive, children: [] };
    const found = page && markedPage(page, paragraphs);
    const [marked, why] = typeof found === 'string' ? [undefined, found] : [found, null];
    return {
      ...{ hasArchive, fetchedAt: page?.fetchedAt ?? null, why },
      ...{ isCut: marked?.isCut ?? false, children: marked?.children ?? [] },
    };
  },
});
