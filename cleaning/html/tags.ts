/** What HTML says of an element by its name, looked up once for each spelling of it. */
import { detach } from '../vietnamese/detach.ts';

export interface Tag {
  /** Lower case; empty for text. */
  readonly name: string;
  /** Starts and ends a line of its own; so do custom elements (`<zing-article>`). */
  readonly isBlock: boolean;
  readonly isHeading: boolean;
  /** Never holds running text. */
  readonly isUnreadable: boolean;
  /** Has no content and no closing tag. */
  readonly isVoid: boolean;
  /** Its content is text up to the tag that closes it. */
  readonly isRaw: boolean;
  /** Closing it does not close the boxes that were opened inside it. */
  readonly isFormatting: boolean;
  /** May be left open. */
  readonly isOptionalEnd: boolean;
  /** May stand in `<head>`; anything else ends it. */
  readonly isHeadContent: boolean;
  /** A page has one; text behind `</body>` is still text of the page. */
  readonly isOutline: boolean;
  /** Names of elements that end an open one where they begin. */
  readonly endedBy: ReadonlySet<string>;
}

/** Words between spaces. */
export const setOf = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/));

const BLOCK = setOf(`
  address article aside blockquote body caption center dd details div dl dt fieldset figure footer form
  h1 h2 h3 h4 h5 h6 header hgroup hr html li main ol p pre section summary table tbody td tfoot th thead tr ul
`);
const HEADING = setOf('h1 h2 h3 h4 h5 h6');
const UNREADABLE = setOf(`
  script style noscript template svg math iframe object embed applet canvas audio video map head title
  button select option textarea input label datalist progress meter dialog menu nav frame frameset noframes figcaption
`);
const VOID = setOf('area base br col embed frame hr img input link meta param source track wbr');
const RAW = setOf('script style textarea title xmp iframe noembed noframes');
const FORMATTING = setOf('b i u s em strong span font small big tt center');
const OPTIONAL_END = setOf('html body head tbody thead tfoot colgroup p li dt dd option td th tr');
const HEAD_CONTENT = setOf('meta link script style title base noscript template object');
const OUTLINE = setOf('html body');
const PARAGRAPH_ENDS =
  'address article aside blockquote center details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
  'hgroup hr main menu nav ol p pre section table ul';
const ENDED_BY: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['p', setOf(PARAGRAPH_ENDS)],
  ['a', setOf('a')],
  ['li', setOf('li')],
  ['dt', setOf('dt dd')],
  ['dd', setOf('dt dd')],
  ['option', setOf('option optgroup')],
  ['td', setOf('td th tr tbody tfoot')],
  ['th', setOf('td th tr tbody tfoot')],
  ['tr', setOf('tr tbody tfoot')],
]);
const NOTHING: ReadonlySet<string> = new Set();

const describe = (name: string): Tag => ({
  name,
  isBlock: BLOCK.has(name) || name.includes('-'),
  isHeading: HEADING.has(name),
  isUnreadable: UNREADABLE.has(name),
  isVoid: VOID.has(name),
  isRaw: RAW.has(name),
  isFormatting: FORMATTING.has(name),
  isOptionalEnd: OPTIONAL_END.has(name),
  isHeadContent: HEAD_CONTENT.has(name),
  isOutline: OUTLINE.has(name),
  endedBy: ENDED_BY.get(name) ?? NOTHING,
});

export const TEXT: Tag = describe('');

/** By spelling, and by name. */
const known = new Map<string, Tag>();
const MAX_KNOWN = 5_000;

/** @param written a name as the page writes it */
export function tagNamed(written: string): Tag {
  const before = known.get(written);
  if (before !== undefined) return before;
  if (known.size >= MAX_KNOWN) known.clear();
  const spelling = detach(written);
  const name = spelling.toLowerCase();
  const tag = known.get(name) ?? describe(name);
  known.set(name, tag);
  known.set(spelling, tag);
  return tag;
}
