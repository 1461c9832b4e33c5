/** `vua explain --input`: what extraction left out of a page, from the page itself. */
import { type LeftOut, leftOutOf as leftOutOfPage } from '../cleaning/left-out.ts';
import { badInput } from '../crawlers/errors.ts';
import { openInput } from '../crawlers/sources/index.ts';

/**
 * Boxes and lines that extraction left out of the last page with this URL, in the order of the page.
 * @param inputs files and folders, as `vua clean --input` reads them
 * @throws ToolkitError UNKNOWN_DOCUMENT (exit 2) when they hold no such page; the errors of sources.
 */
export async function leftOutOf(url: string, inputs: readonly string[], signal: AbortSignal): Promise<LeftOut[]> {
  let found: LeftOut[] | undefined;
  for (const input of inputs) {
    for await (const page of openInput(input, { signal })) if (page.url === url) found = leftOutOfPage(page);
  }
  if (found === undefined && !signal.aborted) {
    throw badInput(
      'UNKNOWN_DOCUMENT',
      `${inputs.join(', ')}: no page with URL ${url}`,
      'give what `vua clean --input` was given',
    );
  }
  return found ?? [];
}

const EXCERPT = 60;
const excerpt = (text: string): string => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

export function formatLeftOut(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return 'left out of the page: nothing';
  const width = Math.max(...leftOut.map(({ reason }) => reason.length));
  const lines = leftOut.map(
    ({ box, reason, text }) =>
      `${reason.padEnd(width)}  ${excerpt(box)}: ${excerpt(text)}${text.length > EXCERPT ? ` (${text.length} characters)` : ''}`,
  );
  return ['left out of the page', ...lines].join('\n');
}
