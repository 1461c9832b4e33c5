/** Nights of `vua clean` over archives of a few records, and what stands after them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { readDocuments, readRejects } from '../../shards/documents/read.ts';
import { verify } from '../../shards/verify/verify.ts';
import { record, writeAll } from '../crawlers/warc-records.ts';
import { context, range } from '../support.ts';

export const OPTED_OUT = '<meta name="robots" content="noai">';
export const html = (text: string, head = ''): Buffer =>
  Buffer.from(`<html><head><title>Chuyện</title>${head}</head><body><article><p>${text}</p></article></body></html>`);
export const at = (day: number): string => `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`;
export const capture = (url: string, day: number, text: string, more: Partial<WarcRecord> = {}): WarcRecord =>
  record(0, { url, fetchedAt: at(day), body: html(text), ...more });

/** A night of `vua clean`: a new archive of these records, read with those of the nights before. */
export async function night(dir: string, records: readonly WarcRecord[], ...flags: string[]) {
  const number = existsSync(join(dir, 'warc')) ? readdirSync(join(dir, 'warc')).length : 0;
  await writeAll(join(dir, 'warc', `night-${String(number).padStart(3, '0')}`), records);
  return clean(dir, [join(dir, 'warc')], flags);
}

export async function clean(dir: string, input: readonly string[], flags: readonly string[] = []) {
  const heard = context();
  const options = Object.fromEntries(
    flags.map((flag) => flag.split('=')).map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
  );
  const parsed = cleanCommand.options.parse({ input, out: join(dir, 'documents'), workers: 0, ...options });
  return { status: await cleanCommand.run(parsed, heard), said: heard.out.join(''), noted: heard.err.join('') };
}

/** URL (or id) → text of what stands; every folder that is read is verified. */
export async function standing(dir: string, name: 'url' | 'id' = 'url'): Promise<Record<string, string>> {
  const out = join(dir, 'documents');
  expect((await verify(out, context())).faults).toEqual([]);
  const found: Record<string, string> = {};
  for await (const batch of readDocuments(out)) {
    for (const row of range(batch.rows)) found[batch.string(name, row)] = batch.string('text', row);
  }
  return found;
}

export async function rejects(dir: string): Promise<{ url: string; reason: string; text: string; other: string }[]> {
  const found = [];
  for await (const batch of readRejects(join(dir, 'documents'))) {
    for (const row of range(batch.rows)) {
      const [url, reason, text, other] = (['url', 'reason', 'text', 'other'] as const).map((name) =>
        batch.string(name, row),
      );
      found.push({ url, reason, text, other });
    }
  }
  return found;
}
