/** XML, packed or not: dumps of MediaWiki, and feeds. Which it is stands in its first element. */
import { createReadStream } from 'node:fs';
import { BadBzip2, isBzip2, unpackBzip2 } from '../bytes/bzip2.ts';
import { badInput } from '../shell/errors.ts';
import { unreadable } from '../warc/file-input.ts';
import { unpack } from '../warc/gzip.ts';
import { feedPages } from './feed.ts';
import { mediawikiPages } from './mediawiki.ts';
import { countSkip, type InputFile, type ReadContext, type Source } from './source.ts';

/** A feed is read whole. */
const MOST_CHARACTERS = 64 * 2 ** 20;
const ROOT = /<(?:[\w.-]+:)?(mediawiki|rss|rdf|feed|[a-z]\w*)(?=[\s>:])/i;

export const xml: Source = {
  endings: ['.xml', '.xml.gz', '.xml.bz2', '.rss', '.atom'],
  async *read(file, context) {
    const text = textOf(bytesOf(file, context));
    let head = '';
    while (head.length < 4096 && !ROOT.test(head)) {
      const { done, value } = await text.next();
      if (done) break;
      head += value;
    }
    const root = ROOT.exec(head)?.[1].toLowerCase();
    if (root === 'mediawiki') yield* mediawikiPages(behind(head, text), file, context);
    else if (root === 'rss' || root === 'rdf' || root === 'feed') {
      let whole = '';
      for await (const part of behind(head, text)) {
        whole += part;
        if (whole.length > MOST_CHARACTERS) throw badInput('BAD_INPUT', `${file.path}: a feed that does not end`);
      }
      if (!context.signal?.aborted) yield* feedPages(whole, file, context);
    } else {
      await text.return(undefined);
      countSkip(context, `XML of ${root ?? 'nothing'}`); // a sitemap, say
    }
  },
};

async function* behind(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head;
  yield* rest;
}

async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
}

/** @throws ToolkitError BAD_INPUT, and those of gzip */
async function* bytesOf({ path }: InputFile, { signal, onRead }: ReadContext): AsyncGenerator<Uint8Array> {
  if (!path.toLowerCase().endsWith('.bz2')) {
    yield* unpack(path, signal, onRead);
    return;
  }
  try {
    yield* unpackBzip2(chunksOf(path, signal, onRead));
  } catch (error) {
    if (!(error instanceof BadBzip2)) throw error;
    throw badInput(
      'BAD_INPUT',
      `${path}: damaged bzip2: ${error.message}`,
      'the pages before were read; get the file again',
    );
  }
}

async function* chunksOf(
  path: string,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  try {
    let isFirst = true;
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      if (signal?.aborted) return;
      if (isFirst && !isBzip2(chunk)) throw new BadBzip2('no bzip2 stream begins here');
      isFirst = false;
      onRead?.(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof BadBzip2) throw error;
    throw unreadable(path, error);
  }
}
