/** What Markdown holds for its tools and not for its readers: front matter (YAML, TOML) and HTML comments. */

/** A longer head is no front matter. */
const MAX_LINES = 200;

/** Text without both; comments inside fenced code are text, and one that nobody closes stays. */
export function withoutMachinery(text: string): string {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  return withoutComments(lines.slice(frontMatterEnd(lines)));
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

function withoutComments(lines: readonly string[]): string {
  const text = lines.join('\n');
  if (!text.includes('<!--')) return text;
  let kept = '';
  let at = 0;
  let isCode = false;
  let line = 0;
  while (line < text.length) {
    const next = text.indexOf('\n', line);
    const end = next < 0 ? text.length : next;
    const start = text.indexOf('<!--', Math.max(line, at));
    if (FENCE.test(text.slice(line, Math.min(end, line + 8)))) isCode = !isCode;
    else if (!isCode && start >= 0 && start < end) {
      const close = text.indexOf('-->', start + 4);
      if (close < 0) break;
      kept += text.slice(at, start);
      at = close + 3;
      line = at; // the rest of its last line may hold another
      continue;
    }
    line = end + 1;
  }
  return kept + text.slice(at);
}

const FENCE = /^\s{0,3}(?:```|~~~)/;
