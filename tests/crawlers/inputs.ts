/** What the tests of `--input` share: a folder for each test, and everything that is read of a path in it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Page } from '../../crawlers/page.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { fixtures, temporaryFolder } from '../support.ts';

export let dir: string;
fixtures.push({
  before() {
    dir = temporaryFolder();
  },
});

export function put(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A file of `dir` by the name that it keeps. */
export const known = (name: string): string => `${basename(dir)}/${name}`;

export interface Read {
  readonly notes: string[];
  readonly pages: Page[];
  readonly skipped: Record<string, number>;
  readonly error: ToolkitError | undefined;
}

export async function readAll(path: string): Promise<Read> {
  const pages: Page[] = [];
  const notes: string[] = [];
  const skipped = new Map<string, number>();
  let fault: ToolkitError | undefined;
  try {
    for await (const page of openInput(path, { skipped, note: (text) => notes.push(text) })) pages.push(page);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    fault = error;
  }
  return { pages, notes, skipped: Object.fromEntries(skipped), error: fault };
}

export const textOf = ({ body }: Page): string => Buffer.from(body).toString();

/** A page as a WARC holds it. */
export const record = (more: Partial<WarcRecord>): WarcRecord => ({
  type: 'response',
  url: 'http://bao.vua.test/a',
  fetchedAt: '2026-11-20T08:30:00Z',
  status: 200,
  statusText: 'OK',
  headers: [['Content-Type', 'text/html']],
  body: Buffer.from('<p>Đò'),
  extra: [],
  ...more,
});
