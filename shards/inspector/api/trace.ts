/** Asks the corpus why: where a text stands in the training tokens, and which of its stretches stand somewhere. */
import { z } from 'zod';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { openTrace, type ParseTokenizer } from '../../search/open-trace.ts';
import type { Trace } from '../../search/trace.ts';
import { type Table, tableOf } from '../table.ts';
import { endpoint, type Root, type View } from '../view.ts';
import { rowOfText } from '../words.ts';
import { lineOf } from './documents.ts';

/** How long an answer waits for the index, in milliseconds. */
const PATIENCE = 800;
const text = z.string().min(1).max(50_000);

/** @param parse reads a tokenizer's files: of the room to the right */
export function traceView(parse: () => Promise<ParseTokenizer>): View {
  const opening = new WeakMap<Table, Promise<Trace>>();
  const traceOf = async (
    root: Root,
    corpus: string | undefined,
  ): Promise<{ table: Table; trace: Trace | undefined }> => {
    const chosen = root.corpus(corpus);
    const table = tableOf(chosen);
    if (chosen.tokens === undefined)
      throw badInput('NO_MANIFEST', `${chosen.name}: no tokens`, 'make them with `vua tokens` or `vua run`');
    const known = opening.get(table);
    const { tokens } = chosen;
    const opened = known ?? parse().then((read) => openTrace(tokens, read)); // once, however many ask at a time
    opening.set(table, opened);
    if (known === undefined)
      opened.then(
        (trace) => table.whenClosed(trace.close),
        () => opening.delete(table),
      );
    const waited = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
    return { table, trace: await Promise.race([opened, waited]) };
  };
  return {
    name: 'trace',
    title: { en: 'Trace', vi: 'Truy nguồn' },
    page: new URL('../pages/trace.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'trace',
        about: 'how often a text stands in the documents that were made tokens, and some of the places',
        query: z.object({ corpus: z.string().optional(), text, limit: z.int().min(1).max(100).default(20) }),
        async answer({ corpus, text: wanted, limit }, root) {
          const { table, trace } = await traceOf(root, corpus);
          if (trace === undefined) return { isMaking: true };
          const count = await trace.count(wanted);
          const occurrences = [];
          for (const found of await trace.occurrences(wanted, limit)) {
            const row = await rowOfText(table, found.textHash);
            occurrences.push({ ...found, document: row === undefined ? null : lineOf(table, row) });
          }
          return { isMaking: false, count, tokens: trace.tokens, occurrences };
        },
      }),
      endpoint({
        path: 'stretches',
        about: 'the longest stretches of a text that stand in the documents, from word to word',
        query: z.object({
          corpus: z.string().optional(),
          text,
          least: z.int().min(1).max(100).default(4).describe('words'),
        }),
        async answer({ corpus, text: wanted, least }, root) {
          const { trace } = await traceOf(root, corpus);
          if (trace === undefined) return { isMaking: true };
          return { isMaking: false, text: wanted.normalize('NFC'), matches: await trace.matches(wanted, least) };
        },
      }),
    ],
  };
}
