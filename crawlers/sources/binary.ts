/** Files of programs: one page a file, bytes as they are. */
import { BINARY_KINDS, CONSENT_UNKNOWN } from '../page.ts';
import { kindNamed, missingFor, passUnread } from './binary-kinds.ts';
import type { Source } from './source.ts';
import { fileFacts, readWhole } from './text.ts';

export const binary: Source = {
  endings: BINARY_KINDS.map(({ ending }) => ending),
  async *read(file, context) {
    const kind = kindNamed(file.path)!;
    if (missingFor(kind).length > 0) return passUnread(kind, context);
    const read = await readWhole(file, { ...context, slicesOf: undefined });
    if (read === undefined) return;
    yield {
      ...fileFacts(file, context),
      headers: { 'content-type': kind.types[0] },
      ...read,
      consent: CONSENT_UNKNOWN,
    };
  },
};
