/** What extraction left out of the page of a document, from the archive of its run: as a list, and in the page. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { knownRecipe } from '../../../cleaning/recipe.ts';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { leftOutOf, markedPageOf } from '../../explain/left-out.ts';
import { manifestPath } from '../../manifest.ts';
import { endpoint, type Root } from '../view.ts';
import { rowsOfId } from '../words.ts';
import { tableIn } from './overview.ts';

const query = z.object({ corpus: z.string().optional(), id: z.string() });
/** Characters of a part in the list. */
const MOST_TEXT = 2000;

/** Where the page of a document lies; `undefined` where its archive is not in the folder. */
async function placeOf({ corpus, id }: z.infer<typeof query>, root: Root) {
  const { run, documents: dir } = root.corpus(corpus);
  const archive = run === undefined ? undefined : join(run, 'crawl', 'warc');
  if (archive === undefined || !existsSync(archive)) return undefined;
  const table = tableIn(root, corpus);
  const [number] = await rowsOfId(table, id);
  if (number === undefined) throw badInput('UNKNOWN_DOCUMENT', `${dir}: no document and no reject with id ${id}`);
  const row = table.row(number);
  const { paragraphs } = knownRecipe(table.manifest.recipe, manifestPath(table.dir));
  return { url: row.string('url'), fetchedAt: row.string('fetched_at'), archive, paragraphs };
}

export const leftOut = endpoint({
  path: 'left-out',
  about: 'what extraction left out of the page of a document, and why, from the archive of its run',
  query,
  async answer(asked, root, signal) {
    const place = await placeOf(asked, root);
    if (place === undefined) return { hasArchive: false, leftOut: [] };
    const found = await leftOutOf(place.url, place.fetchedAt, [place.archive], place.paragraphs, signal);
    const parts = typeof found?.leftOut === 'string' ? [] : (found?.leftOut ?? []);
    return {
      hasArchive: true,
      fetchedAt: found?.fetchedAt ?? null,
      why: typeof found?.leftOut === 'string' ? found.leftOut : null,
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
    const place = await placeOf(asked, root);
    if (place === undefined) return { hasArchive: false, children: [] };
    const found = await markedPageOf(place.url, place.fetchedAt, [place.archive], place.paragraphs, signal);
    const page = typeof found?.page === 'string' ? undefined : found?.page;
    return {
      hasArchive: true,
      fetchedAt: found?.fetchedAt ?? null,
      why: typeof found?.page === 'string' ? found.page : null,
      isCut: page?.isCut ?? false,
      children: page?.children ?? [],
    };
  },
});
