import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Command, defineCommand } from '../../crawlers/shell/command.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { ParseTokenizer } from '../search/open-trace.ts';

/** `tokenizer`: reads one, of the room of tokenizers. */
export const traceCommand = (tokenizer: () => Promise<ParseTokenizer>): Command =>
  defineCommand({
    name: 'trace',
    summary: 'where a text stands in the training tokens: exact counts, documents, and its longest stretches',
    examples: [
      'vua trace "mùa thu Hà Nội"',
      'vua trace --file sample.txt --out out',
      'vua trace "nước Việt Nam" https://example.org/out --json',
    ],
    positional: 'words',
    options: z.object({
      words: z.array(z.string()).default([]).describe('the text; a folder or URL may stand behind it'),
      file: z.string().optional().describe('a long text: its stretches that stand in documents are marked'),
      out: z.string().default('vua-out').describe('folder of `vua run` or of tokens, or its URL'),
      limit: z.int().min(1).default(5).describe('documents that are shown'),
      least: z.int().min(1).default(5).describe('words of a stretch of a long text'),
    }),
    async run({ words, file, out: folder, limit, least }, work) {
      const { openTrace } = await import('../search/open-trace.ts');
      const { paintsFor, readWords } = await import('../search/typed.ts');
      const typed = readWords(file === undefined ? words : ['', ...words], folder);
      const text = file === undefined ? typed.text : read(file);
      if (text === '') throw badInput('BAD_OPTION', 'vua trace: no text is given', 'give it in quotes, or --file');
      const trace = await openTrace(typed.out, await tokenizer(), work);
      const sources = await sourcesOf(typed.out, work);
      try {
        if (file !== undefined) await traceLong();
        else await traceShort();
      } finally {
        sources.close();
        trace.close();
      }
      return 0;

      async function traceShort(): Promise<void> {
        const count = await trace.count(text);
        const occurrences = (await trace.occurrences(text, limit)).map((each) => ({
          ...each,
          document: sources.of(each.textHash),
        }));
        const paints = paintsFor();
        const oneLine = (part: string): string => part.replace(/\s+/g, ' ');
        const lines = occurrences.flatMap(({ before, after, document, textHash, shard }) => [
          `${paints.head(document?.title || document?.url || textHash)}  ${paints.aside(document?.url ?? shard)}`,
          `  …${paints.plain(oneLine(before))}${paints.found(oneLine(text))}${paints.plain(oneLine(after))}…`,
          ...(document === undefined ? [] : [`  ${paints.aside(`vua explain ${document.id}`)}`]),
        ]);
        const total = `${formatCount(count)} times in ${formatCount(trace.tokens)} tokens`;
        const value = { event: 'traced', text, count, tokens: trace.tokens, occurrences };
        work.report.result([...lines, total].join('\n'), value, 'painted');
      }

      async function traceLong(): Promise<void> {
        const whole = text.normalize('NFC');
        const matches = await Promise.all(
          (await trace.matches(whole, least)).map(async (match) => {
            const stretch = whole.slice(match.start, match.end);
            const [first] = await trace.occurrences(stretch, 1);
            return { ...match, text: stretch, document: first && sources.of(first.textHash) };
          }),
        );
        const paints = paintsFor();
        const { paintMarks } = await import('../search/typed.ts');
        const marked = paintMarks(whole, withoutOverlap(matches), paints);
        const lines = matches.map(({ text: stretch, count, document }) => {
          const head = stretch.length > 60 ? `${stretch.slice(0, 60)}…` : stretch;
          return `${String(count).padStart(6)}  ${paints.found(head.replace(/\s+/g, ' '))}  ${paints.aside(document?.url ?? '')}`;
        });
        const value = { event: 'traced', file, tokens: trace.tokens, matches };
        work.report.result([marked, '', ...lines].join('\n'), value, 'painted');
      }
    },
  });

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw badInput('BAD_INPUT', `${file}: ${reasonOf(error)}`, 'give a file of text', error);
  }
}

/** Marks in order, each from where the one before ends. */
function withoutOverlap(matches: readonly { start: number; end: number }[]): [number, number][] {
  let done = 0;
  return matches.flatMap(({ start, end }): [number, number][] => {
    const from = Math.max(start, done);
    done = Math.max(done, end);
    return from < end ? [[from, end]] : [];
  });
}

/** Documents behind tokens, where they stand beside them. */
async function sourcesOf(out: string, work: Parameters<Command['run']>[1]) {
  const { isUrl } = await import('../tokens/source.ts');
  const { findFolders } = await import('../manifest.ts');
  const documents = isUrl(out) ? undefined : findFolders(out).documents;
  if (documents === undefined) return { of: () => undefined, close() {} };
  const { openSearch } = await import('../search/search.ts');
  const index = await openSearch(documents, work);
  return {
    of(textHash: string) {
      const [place] = index.withHash('text', BigInt(`0x${textHash}`)).filter(({ side }) => side === 'documents');
      const hit = place && index.hit(place);
      return hit && { id: hit.id, url: hit.url, title: hit.title, source: hit.source, date: hit.date };
    },
    close: () => index.close(),
  };
}
