/** Tokenizers of a folder: pieces of any text, and what each source costs in them. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { breathe } from '../../../crawlers/shell/work.ts';
import { chanceOf } from '../../checksum.ts';
import { foldersWith } from '../below.ts';
import { tableOf } from '../table.ts';
import { endpoint, type Root, type View } from '../view.ts';
import { facetOf } from '../words.ts';

/** What the room to the right opens. */
export interface OpenTokenizer {
  readonly vocabSize: number;
  /** Checksum of tokenizer.json. */
  readonly fingerprint: string;
  encode(text: string | Uint8Array): ArrayLike<number>;
  bytesOf(id: number): Uint8Array;
}
export type LoadTokenizer = (dir: string) => Promise<OpenTokenizer>;

interface Known {
  readonly path: string;
  readonly modified: number;
  readonly tokenizer: OpenTokenizer;
}

/** Of a source, texts are drawn until so many bytes. */
const SAMPLE_BYTES = 200_000;
const SAMPLE_DOCUMENTS = 200;
const MOST_SOURCES = 40;
const DECODER = new TextDecoder('utf-8', { fatal: true });

export function tokenizerView(load: LoadTokenizer): View {
  const open = new Map<string, Known>();
  /** Each once, the newest place first. */
  const all = async (root: Root): Promise<Known[]> => {
    const found: Known[] = [];
    const isOwn = (path: string): number => Number(/(^|\/)tokenizer$/.test(path)); // not the copy beside tokens
    const paths = foldersWith(root.dir, 'tokenizer.json').toReversed();
    for (const path of paths.sort((a, b) => isOwn(b) - isOwn(a))) {
      const dir = join(root.dir, path);
      const modified = statSync(join(dir, 'tokenizer.json')).mtimeMs;
      const known = open.get(dir);
      const tokenizer = known?.modified === modified ? known.tokenizer : await load(dir).catch(() => undefined);
      if (tokenizer === undefined) continue;
      open.set(dir, { path, modified, tokenizer });
      if (!found.some((one) => one.tokenizer.fingerprint === tokenizer.fingerprint)) found.push(open.get(dir)!);
    }
    return found;
  };
  /** One that is asked for, else the one that the corpus was cut with, else the first. */
  const named = async (root: Root, wanted: string | undefined, corpus: string | undefined): Promise<Known> => {
    const there = await all(root);
    const own = root.corpora().length > 0 ? open.get(root.corpus(corpus).tokenizer ?? '') : undefined;
    const fingerprint = wanted ?? own?.tokenizer.fingerprint;
    const found =
      fingerprint === undefined ? there[0] : there.find(({ tokenizer }) => tokenizer.fingerprint === fingerprint);
    if (found !== undefined) return found;
    const names = there.map(({ path, tokenizer }) => `${tokenizer.fingerprint} (${path})`).join(', ');
    throw badInput(
      'NO_TOKENIZER',
      `${root.dir}: no tokenizer ${wanted ?? ''}`,
      names ? `there are ${names}` : 'make one with `vua run`',
    );
  };
  const which = z.string().optional().describe('fingerprint of a tokenizer; the first one by default');
  return {
    name: 'tokenizer',
    title: { en: 'Tokenizer', vi: 'Tách từ' },
    page: new URL('../pages/tokenizer.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'tokenizers',
        about: 'the tokenizers that there are, by fingerprint',
        query: z.object({ corpus: z.string().optional() }),
        answer: async (_, root) => ({
          tokenizers: (await all(root)).map(({ path, tokenizer: { vocabSize, fingerprint } }) => ({
            path,
            vocabSize,
            fingerprint,
          })),
        }),
      }),
      endpoint({
        path: 'pieces',
        about: 'the tokens of a text: ids, and their bytes as text or in hex where they are no whole characters',
        query: z.object({ corpus: z.string().optional(), tokenizer: which, text: z.string().max(20_000) }),
        answer: async ({ corpus, tokenizer: wanted, text }, root) => {
          const { tokenizer } = await named(root, wanted, corpus);
          const ids = Array.from(tokenizer.encode(text));
          return {
            fingerprint: tokenizer.fingerprint,
            bytes: Buffer.byteLength(text.normalize('NFC')),
            pieces: ids.map((id) => ({ id, ...shown(tokenizer.bytesOf(id)) })),
          };
        },
      }),
      endpoint({
        path: 'fertility',
        about: 'bytes a token and tokens a syllable by source, over texts drawn by their ids',
        query: z.object({ corpus: z.string().optional(), tokenizer: which }),
        answer: async ({ corpus, tokenizer: wanted }, root, signal) => {
          const { tokenizer } = await named(root, wanted, corpus);
          return {
            fingerprint: tokenizer.fingerprint,
            sources: await fertilityOf(root.corpus(corpus), tokenizer, signal),
          };
        },
      }),
    ],
  };
}

function shown(bytes: Uint8Array): { text: string | null; hex?: string } {
  try {
    return { text: DECODER.decode(bytes) };
  } catch {
    return { text: null, hex: Buffer.from(bytes).toString('hex') };
  }
}

async function fertilityOf(corpus: Parameters<typeof tableOf>[0], tokenizer: OpenTokenizer, signal: AbortSignal) {
  const table = tableOf(corpus);
  const { codes, words } = await facetOf(table, 'source');
  const syllables = await table.numbers('syllables');
  const ids = await table.texts('id');
  const drawn = new Map<number, { row: number; chance: number }[]>();
  for (let row = 0; row < table.kept; row++) {
    const rows = drawn.get(codes[row]) ?? [];
    drawn.set(codes[row], rows);
    const id = ids.values.toString('utf8', ids.offsets[row], ids.offsets[row + 1]);
    rows.push({ row, chance: chanceOf(id) });
  }
  const largest = [...drawn].sort(([, a], [, b]) => b.length - a.length).slice(0, MOST_SOURCES);
  const sources = [];
  for (const [code, rows] of largest) {
    const figures = { documents: 0, bytes: 0, tokens: 0, syllables: 0 };
    for (const { row } of rows.sort((a, b) => a.chance - b.chance).slice(0, SAMPLE_DOCUMENTS)) {
      if (signal.aborted || figures.bytes > SAMPLE_BYTES) break;
      await breathe();
      const text = table.row(row).string('text');
      figures.documents++;
      figures.bytes += Buffer.byteLength(text);
      figures.tokens += tokenizer.encode(text).length;
      figures.syllables += syllables[row] || 0;
    }
    sources.push({ source: words[code], of: rows.length, ...figures });
  }
  return sources;
}
