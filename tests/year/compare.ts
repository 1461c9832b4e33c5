import { join } from 'node:path';
import { unattended } from '../../crawlers/shell/work.ts';
import { verifyCrawl } from '../../crawlers/verify.ts';
import { cleanSettings, settingsOf } from '../../nightly.ts';
import { cleanOptionsOf } from '../../shards/commands/clean.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readRows } from '../../shards/documents/read.ts';
import { passedOverIn } from '../../shards/nights/ask.ts';
import { removedFrom } from '../../shards/removal/list.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { verify } from '../../shards/verify/verify.ts';
import { verifyTokenizer } from '../../tokenizer/verify.ts';
import { writeTokenShards } from '../../tokenizer/write-tokens.ts';
import { type Site, textOf, type YearPage } from './site.ts';

type Given = Parameters<typeof settingsOf>[0];

/** Adds to `wrong`; how many documents there are. */
export async function compare(
  dir: string,
  given: Given,
  site: Site,
  isRemoved: (page: YearPage) => boolean,
  wrong: string[],
): Promise<number> {
  const settings = settingsOf(given);
  const { out } = settings;
  const fresh = { documents: join(dir, 'fresh', 'documents'), tokens: join(dir, 'fresh', 'tokens') };
  const options = await cleanOptionsOf(cleanSettings(settings));
  const inputs = [join(out, 'crawl', 'warc')];
  const known = { passedOver: passedOverIn(out), removed: removedFrom(out) };
  await cleanInputs({ ...options, ...known, inputs, outDir: fresh.documents }, unattended());
  const tokenizer = join(out, 'tokenizer');
  const { validShare } = settings;
  await writeTokenShards({ documents: fresh.documents, tokenizer, out: fresh.tokens, validShare }, unattended());

  const held = await rowsIn(join(out, 'documents'));
  differences('documents', held, await rowsIn(fresh.documents), wrong);
  differences('tokens', await tokensIn(join(out, 'tokens')), await tokensIn(fresh.tokens), wrong);
  against(site, isRemoved, held, wrong);
  const { faults } = await verify(out, unattended(), [verifyCrawl, verifyTokenizer]);
  for (const { file, check, message } of faults.slice(0, 5)) wrong.push(`verify: ${file}: ${check}: ${message}`);
  return held.size;
}

/** Every document by its URL: all that does not depend on the night in which it was read. */
async function rowsIn(dir: string): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for await (const row of readRows(dir)) {
    if (row.kind !== 'documents') continue;
    const key = `${row.string('url')} ${row.string('id')}`;
    if (rows.has(key)) rows.set(`${key} twice`, '');
    rows.set(key, `${row.string('fetched_at')} ${row.string('title')} ${row.string('text')}`);
  }
  return rows;
}

/** Token ids of every document, each as a row of its split. */
async function tokensIn(dir: string): Promise<Map<string, string>> {
  const folder = await openTokens(dir);
  const rows = new Map<string, string>();
  const { bosId } = folder.manifest;
  for (const split of ['train', 'valid'] as const) {
    let own: number[] = [];
    const end = (): void => {
      const key = `${split} ${own.join(' ')}`;
      if (own.length > 0) rows.set(rows.has(key) ? `${key} twice` : key, '');
      own = [];
    };
    for await (const tokens of eachBatch(folder.source(split))) {
      for (const token of tokens) {
        if (token === bosId) end();
        own.push(token);
      }
    }
    end();
  }
  return rows;
}

const SHOWN = 5;

function differences(
  what: string,
  held: ReadonlyMap<string, string>,
  fresh: ReadonlyMap<string, string>,
  wrong: string[],
) {
  const only = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) =>
    [...a].filter(([key, value]) => b.get(key) !== value).map(([key, value]) => `${key} ${value}`.slice(0, 160));
  const [more, less] = [only(held, fresh), only(fresh, held)];
  if (more.length + less.length === 0) return;
  wrong.push(
    `${what}: ${held.size}, a fresh build has ${fresh.size}; ${more.length} only here, ${less.length} only there`,
  );
  for (const row of more.slice(0, SHOWN)) wrong.push(`  only here: ${row}`);
  for (const row of less.slice(0, SHOWN)) wrong.push(`  only there: ${row}`);
}

/** What stands of each page: its last version that was not refused, once, or that of one of its copies. */
function against(
  site: Site,
  isRemoved: (page: YearPage) => boolean,
  held: ReadonlyMap<string, string>,
  wrong: string[],
): void {
  const standing = new Map<string, string>();
  for (const [key, value] of held) standing.set(key.split(' ')[0], value);
  const missing: string[] = [];
  const surplus: string[] = [];
  const families = new Map<YearPage, YearPage[]>();
  for (const page of site.pages) {
    const original = page.copyOf ?? page;
    families.set(original, [...(families.get(original) ?? []), page]);
  }
  for (const family of families.values()) {
    for (const page of family) {
      const has = standing.get(site.urlOf(page));
      const isThere = !page.isGone && !isRemoved(page);
      if (!isThere && has !== undefined)
        surplus.push(`${site.urlOf(page)}, ${isRemoved(page) ? 'taken down' : 'gone'}`);
      if (!isThere || page.isHacked) continue;
      const versions = Array.from({ length: page.version + 1 }, (_, version) => page.version - version);
      const right = versions.find((version) => !page.refused.has(version));
      const says = (other: YearPage): boolean =>
        standing.get(site.urlOf(other))?.includes(textOf(page, right)[0].slice(0, 60)) ?? false;
      if (!family.some(says) && right !== undefined)
        missing.push(`${site.urlOf(page)} of night ${page.bornAt}, version ${right}`);
    }
  }
  for (const [what, list] of [
    ['missing', missing],
    ['stands', surplus],
  ] as const) {
    if (list.length > 0) wrong.push(`${list.length} pages: ${what}: ${list.slice(0, SHOWN).join('; ')}`);
  }
}
