/** `vua explain --input`: what extraction left out of a page, from the page itself. */
import { type LeftOut, readable } from '../../cleaning/read-page.ts';
import { addressOf, type Page } from '../../crawlers/page.ts';
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { openInput } from '../../crawlers/sources/index.ts';

export interface PageLeftOut {
  readonly fetchedAt: string;
  /** Boxes and lines in the order of the page, or why nothing can be said of it. */
  readonly leftOut: readonly LeftOut[] | string;
}

/**
 * A page as it was fetched then, for `leftOutOf` and `markedPage`; of other fetches of its URL the last, where that one is not found.
 * @param inputs files and folders, as `vua clean --input` reads them
 * @returns undefined when it was stopped meanwhile
 * @throws ToolkitError when they hold no such page: the last fault of a file, else UNKNOWN_DOCUMENT (exit 2).
 */
export async function pageOf(
  url: string,
  fetchedAt: string,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<Page | undefined> {
  const address = addressOf(url);
  let found: Page | undefined;
  const faults: ToolkitError[] = [];
  const onFault = (fault: ToolkitError): void => void faults.push(fault);
  for (const input of inputs) {
    for await (const page of openInput(input, { signal, onFault, withBinary: true })) {
      if (addressOf(page.url) !== address) continue;
      found = page;
      if (page.fetchedAt === fetchedAt) return readable(page);
    }
  }
  if (signal.aborted) return undefined;
  if (found !== undefined) return readable(found);
  throw (
    faults.pop() ??
    badInput(
      'UNKNOWN_DOCUMENT',
      `${inputs.join(', ')}: no page with URL ${url}`,
      'give what `vua clean --input` was given',
    )
  );
}

const EXCERPT = 60;
const excerpt = (text: string): string => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

export function formatLeftOut({ fetchedAt, leftOut }: PageLeftOut): string {
  const head = `left out of the page as fetched at ${fetchedAt}`;
  if (typeof leftOut === 'string') return `${head}: not looked into (${leftOut})`;
  if (leftOut.length === 0) return `${head}: nothing, but for lines that its host repeats`;
  const width = Math.max(...leftOut.map(({ reason }) => reason.length));
  const lines = leftOut.map(
    ({ box, reason, text }) =>
      `${reason.padEnd(width)}  ${excerpt(box)}: ${excerpt(text)}${text.length > EXCERPT ? ` (${text.length} characters)` : ''}`,
  );
  return [`${head}, beside lines that its host repeats`, ...lines].join('\n');
}
