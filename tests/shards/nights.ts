/** What the tests of snapshots share: nights of a run without its model, with a token for each byte. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readRows } from '../../shards/documents/read.ts';
import { factsOf } from '../../shards/snapshots/facts.ts';
import { currentSnapshot } from '../../shards/snapshots/read.ts';
import { beginNight, endNight, publishNight, workFolder } from '../../shards/snapshots/work.ts';
import { eachBatch, openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { context, range, temporaryFolder } from '../support.ts';

export const BOS = 256;
const WORDS = 'sông núi biển trời đất người làng phố chợ đường thuyền sách trường bạn mẹ cha gió mưa nắng lúa'.split(
  ' ',
);

/** A text that is like no other. */
const story = (n: number): string =>
  range(30)
    .map((i) => WORDS[(n * 7 + i * (n + 3) + ((n * 13) >> (i % 5))) % WORDS.length] + (i % 6 === 5 ? ` ${n}.` : ''))
    .join(' ');

/** A file of documents by number. */
export function rowsFile(numbers: readonly number[]): string {
  const path = join(temporaryFolder('file'), 'rows.jsonl');
  const line = (n: number): string => JSON.stringify({ id: `d${n}`, url: `http://a.test/${n}`, text: story(n) });
  writeFileSync(path, numbers.map((n) => `${line(n)}\n`).join(''));
  return path;
}

/** One token per byte, in an array that the next call overwrites, as an encoder may do. */
export function byteEncoder(): (text: Uint8Array) => Uint16Array {
  const scratch = new Uint16Array(100_000);
  return (text) => {
    scratch.set(text);
    return scratch.subarray(0, text.length);
  };
}

/** Documents, tokenizer and tokens in `dir`, of these inputs beside what stands there. */
export async function work(dir: string, inputs: readonly string[]): Promise<void> {
  const [documents, tokenizer, tokens] = ['documents', 'tokenizer', 'tokens'].map((name) => join(dir, name));
  const options = { inputs, outDir: documents, preset: 'keep-all', threads: 0, source: 'rows' } as const;
  await cleanInputs({ ...options, compacts: true }, context());
  makeFolder(tokenizer);
  if (!existsSync(join(tokenizer, 'tokenizer.json'))) {
    writeFileSync(join(tokenizer, 'tokenizer.json'), '{"name":"bytes"}');
    writeFileSync(join(tokenizer, 'tokenizer_config.json'), '{}');
  }
  const folders = { documentsDir: documents, tokenizerDir: tokenizer, outDir: tokens };
  await writeTokens(
    { ...folders, encode: byteEncoder(), vocabSize: 257, bosId: BOS, validShare: 0.3, shardTokens: 8000 },
    context(),
  );
}

export interface NightOptions {
  readonly keep?: number;
  readonly model?: Parameters<typeof endNight>[1];
  /** Before it is published. */
  readonly onReady?: () => unknown;
}

/** A night as `vua run` has it; whether it published anything. */
export const night = (out: string, inputs: readonly string[], options: NightOptions = {}): Promise<boolean> =>
  holding(out, [], async () => {
    const facts = factsOf({ inputs: inputs.length }, inputs);
    beginNight(out, facts);
    await work(workFolder(out), inputs);
    await options.onReady?.();
    const { isNew } = publishNight(out, facts);
    endNight(out, options.model, options.keep ?? 7);
    return isNew;
  });

/** Every row of a folder of documents, without the moment at which it came. */
export async function rowsIn(dir: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const row of readRows(dir)) rows.push(`${row.kind} ${row.string('id')} ${row.string('text')}`);
  return rows;
}

/** The texts of a folder of tokens, both splits. */
export async function textsIn(dir: string): Promise<string[]> {
  const folder = await openTokens(dir);
  const texts: string[] = [];
  for (const split of ['train', 'valid'] as const) {
    const bytes: number[][] = [];
    for await (const tokens of eachBatch(folder.source(split))) {
      for (const token of tokens) {
        if (token === BOS) bytes.push([]);
        else bytes.at(-1)!.push(token);
      }
    }
    texts.push(...bytes.map((each) => Buffer.from(each).toString('utf8')));
  }
  return texts;
}

/** What OUT shows to somebody who only looks at files, and whether that is one snapshot. */
export function shownIn(out: string): { name: string | undefined; files: string[]; isOne: boolean } {
  const current = currentSnapshot(out);
  const parts = ['documents', 'tokens', 'tokenizer'] as const;
  const names = (dir: string): string[] =>
    (existsSync(dir) ? readdirSync(dir) : []).filter((name) => !/^(README\.md|\.vua-view)$/.test(name)).sort();
  const listed = (part: (typeof parts)[number]) => current?.record.files[part].map(({ file }) => file).sort() ?? [];
  const same = (part: (typeof parts)[number]): boolean =>
    JSON.stringify(names(join(out, part))) === JSON.stringify(listed(part)) &&
    names(join(out, part)).every((name) =>
      readFileSync(join(out, part, name)).equals(readFileSync(join(current![part], name))),
    );
  return { name: current?.name, files: parts.flatMap((part) => names(join(out, part))), isOne: parts.every(same) };
}
