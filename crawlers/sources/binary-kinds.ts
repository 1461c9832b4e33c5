/** What kind of file of a program something is, and whether the packages that open it are there. */
import { createRequire } from 'node:module';
import { parseUrl } from '../links/url.ts';
import { BINARY_KINDS, type BinaryKind, binaryKindOf } from '../page.ts';
import { countSkip, type ReadContext } from './source.ts';

const { resolve } = createRequire(import.meta.url);
const installed = new Map<string, boolean>();

function isInstalled(name: string): boolean {
  let known = installed.get(name);
  if (known === undefined) {
    try {
      known = resolve(name) !== '';
    } catch {
      known = false;
    }
    installed.set(name, known);
  }
  return known;
}

/** The packages that are missing to open a kind of file. */
export const missingFor = ({ packages }: BinaryKind): readonly string[] =>
  packages.filter((name) => !isInstalled(name));

export const kindNamed = (path: string): BinaryKind | undefined =>
  BINARY_KINDS.find(({ ending }) => path.toLowerCase().endsWith(ending));

/** Servers that know no better send such bytes as these: the end of the address tells more. */
const UNTYPED = /^(?:application|binary)\/(?:octet-stream|force-download|x-download|download)\b/i;

/** What the file of an answer is: by its type, or by its address where that says nothing. */
export function kindOfAnswer(contentType: string, url: string): BinaryKind | undefined {
  if (!UNTYPED.test(contentType)) return binaryKindOf(contentType);
  const address = parseUrl(url);
  return address && kindNamed(address.pathname);
}

/** Counts a file that cannot be opened here, with what to install; a later run reads it. */
export function passUnread(kind: BinaryKind, context: ReadContext): void {
  countSkip(context, `${kind.ending}: npm install ${missingFor(kind).join(' ')}`);
  context.onUnread?.();
}
