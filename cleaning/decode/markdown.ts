/**
 * What Markdown holds for its tools and not for its readers: front matter (YAML, TOML), HTML comments and tags, pictures,
 * anchors, where links lead, and menus of links.
 */

/** A longer head is no front matter. */
const MAX_LINES = 200;

/** Text without them; what stands in code is text, and a comment that nobody closes stays. */
export function withoutMachinery(text: string): string {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  return withoutMarkup(withoutComments(lines.slice(frontMatterEnd(lines)).join('\n')).split('\n')).join('\n');
}

/** So many lines in a row that are one link each make a menu. */
const MENU_LINES = 4;

function withoutMarkup(lines: readonly string[]): string[] {
  const read: string[] = [];
  let menu: string[] = [];
  let isCode = false;
  const endMenu = (): void => {
    if (menu.filter((line) => line.trim() !== '').length < MENU_LINES) read.push(...menu.map(inline));
    menu = [];
  };
  for (const line of lines) {
    if (FENCE.test(line)) isCode = !isCode;
    if (!isCode && (MENU_LINE.test(line) || (menu.length > 0 && line.trim() === ''))) menu.push(line);
    else {
      endMenu();
      const isPlain = isCode || FENCE.test(line) || INDENTED.test(line) || !MARKUP.test(line);
      if (isPlain || !DEFINITION.test(line)) read.push(isPlain ? line : inline(line));
    }
  }
  endMenu();
  return read;
}

const INDENTED = /^(?: {4}|\t)/;
/** Nothing else in Markdown has these. */
const MARKUP = /[<[{]/;
const MENU_LINE = /^\s{0,8}(?:[-*+]|\d+\.)?\s*\[[^[\]\n]{1,200}\](?:\([^()\n]{0,500}\)|\[[^\]\n]{0,100}\])[.;,]?\s*$/;
/** `[name]: https://…` */
const DEFINITION = /^\s{0,3}\[[^\]\n]{1,100}\]:\s+\S+(?:\s+["'(][^\n]{0,200})?$/;

/** Parts of a line that stand in `code` stay as they are. */
const inline = (line: string): string =>
  line.includes('`')
    ? line.replace(/(`+)[^`\n]{1,500}\1(?!`)|[^`]+/g, (part) => (part[0] === '`' ? part : plain(part)))
    : plain(line);

const plain = (text: string): string =>
  text
    .replace(/!\[[^[\]\n]{0,300}\](?:\([^()\n]{0,1000}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)|\[[^\]\n]{0,100}\])/g, '')
    .replace(/\[([^[\]\n]{0,500})\]\([^()\n]{0,1000}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)/g, '$1')
    .replace(/\[([^[\]\n]{1,500})\]\[[^[\]\n]{0,100}\]/g, '$1')
    .replace(/\s*\{#[\w-]{1,100}\}\s*$/, '')
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/<(https?:\/\/[^\s<>]{1,500})>/g, '$1')
    .replace(/<\/?[a-z][a-z0-9-]{0,20}(?:\s[^<>\n]{0,1000})?\/?>/gi, '');

/** The lines that front matter takes, its fences included; 0 where there is none. */
function frontMatterEnd(lines: readonly string[]): number {
  const fence = /^(?:---|\+\+\+)\s*$/.exec(lines[0] ?? '')?.[0].trim();
  if (fence === undefined || !/^\s*$|^[\w"'-]+\s*[:=]|^#/.test(lines[1] ?? '')) return 0;
  for (let i = 1; i < Math.min(lines.length, MAX_LINES); i++) {
    if (lines[i].trim() === fence || (fence === '---' && lines[i].trim() === '...')) return i + 1;
  }
  return 0;
}

/** Line end and comment are looked for again only once they are passed, so that the text is read through once for each. */
function withoutComments(text: string): string {
  let kept = '';
  let at = 0;
  let isCode = false;
  let line = 0;
  let end = -1;
  let start = text.indexOf('<!--');
  while (start >= 0 && line < text.length) {
    if (end < line) {
      const next = text.indexOf('\n', line);
      end = next < 0 ? text.length : next;
    }
    if (FENCE.test(text.slice(line, Math.min(end, line + 8)))) isCode = !isCode;
    else if (!isCode && start < end) {
      const close = text.indexOf('-->', start + 4);
      if (close < 0) break;
      kept += text.slice(at, start);
      at = close + 3;
    }
    line = at > line ? at : end + 1; // behind a comment the rest of its last line may hold another
    if (start < line) start = text.indexOf('<!--', line);
  }
  return kept + text.slice(at);
}

const FENCE = /^\s{0,3}(?:```|~~~)/;
