/** What Markdown holds for its tools and not for its readers: front matter (YAML, TOML) and HTML comments. */

/** A longer head is no front matter. */
const MAX_LINES = 200;

/** Text without both; comments inside fenced code are text, and one that nobody closes stays. */
export function withoutMachinery(text: string): string {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  return withoutComments(lines.slice(frontMatterEnd(lines)).join('\n'));
}

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
