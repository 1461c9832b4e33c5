/**
 * Dumps of MediaWiki (`viwiki-latest-pages-articles-multistream.xml.bz2`): the articles of a wiki as clean text. Redirects
 * and pages of other namespaces are passed over and counted. The dump names its wiki and each page's number, so that a
 * later dump of it holds later versions of the same rows.
 */
import { decodeEntities } from '../links/tags.ts';
import { CONSENT_UNKNOWN, type Page } from '../page.ts';
import { badInput } from '../shell/errors.ts';
import { countSkip, type InputFile, type ReadContext, rowOf } from './source.ts';
import { textOfWikitext } from './wikitext.ts';

/** A page that is longer is damage. */
const MOST_CHARACTERS = 64 * 2 ** 20;

/** @throws ToolkitError BAD_INPUT, after the pages that are whole */
export async function* mediawikiPages(
  text: AsyncIterable<string>,
  file: InputFile,
  context: ReadContext,
): AsyncGenerator<Page> {
  let pending = '';
  let site: Site | undefined;
  for await (const part of text) {
    pending += part;
    let at = 0;
    for (let start = pending.indexOf('<page>'); start >= 0; start = pending.indexOf('<page>', at)) {
      site ??= siteOf(pending.slice(0, start));
      const end = pending.indexOf('</page>', start);
      if (end < 0) break;
      at = end + '</page>'.length;
      if (context.signal?.aborted) return;
      const page = pageIn(pending.slice(start, end), site, file, context);
      if (typeof page === 'string') countSkip(context, page);
      else yield page;
    }
    pending = pending.slice(at);
    if (pending.length > MOST_CHARACTERS) throw badInput('BAD_INPUT', `${file.path}: a page that does not end`);
  }
  if (pending.includes('<page>') && !context.signal?.aborted) {
    throw badInput('BAD_INPUT', `${file.path}: ends within a page`, 'the pages before were read; get the file again');
  }
}

interface Site {
  /** `viwiki`. */
  readonly name: string;
  /** Where its pages stand: `https://vi.wikipedia.org/wiki/`. */
  readonly base: string | undefined;
  readonly licence: string | undefined;
}

function siteOf(head: string): Site {
  const name = elementIn(head, 'dbname') ?? elementIn(head, 'sitename') ?? 'mediawiki';
  const base = /^(https?:\/\/[^/]+\/(?:.*\/)?)[^/]*$/.exec(elementIn(head, 'base') ?? '')?.[1];
  const isWikimedia =
    /\/\/[\w.-]*\.(?:wikipedia|wikisource|wikibooks|wikivoyage|wiktionary|wikiquote|wikinews)\.org\//.test(base ?? '');
  return { name, base, licence: isWikimedia ? 'CC-BY-SA-4.0' : undefined };
}

function pageIn(xml: string, site: Site, file: InputFile, context: ReadContext): Page | string {
  const title = elementIn(xml, 'title') ?? '';
  const space = elementIn(xml, 'ns') ?? '0';
  if (space !== '0') return `namespace ${space}`;
  if (xml.includes('<redirect ')) return 'redirect';
  const model = elementIn(xml, 'model');
  if (model !== undefined && model !== 'wikitext') return `content model ${model}`;
  const source = elementIn(xml, 'text');
  if (source === undefined || source.trim() === '') return 'page without text';
  const id = elementIn(xml, 'id') ?? title;
  const { name, base, licence } = site;
  return {
    url:
      base === undefined
        ? `file:${file.name}#${id}`
        : base + encodeURIComponent(title.replace(/ /g, '_')).replace(/%2F/g, '/').replace(/%3A/g, ':'),
    source: name,
    fetchedAt: elementIn(xml, 'timestamp') ?? new Date(0).toISOString(),
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(textOfWikitext(source)),
    truncated: false,
    consent: CONSENT_UNKNOWN,
    row: rowOf(file, context, `${name} ${id}`),
    id,
    title,
    licence,
  };
}

/** Text of the first element of a name. */
function elementIn(xml: string, name: string): string | undefined {
  const open = xml.indexOf(`<${name}`);
  if (open < 0) return undefined;
  const start = xml.indexOf('>', open) + 1;
  if (start === 0 || xml[start - 2] === '/') return undefined;
  const end = xml.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : decodeEntities(xml.slice(start, end));
}
