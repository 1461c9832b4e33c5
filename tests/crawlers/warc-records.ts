/** Records for the tests of warc.ts, and ways to write and read them. */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { type ReadWarcOptions, readWarc } from '../../crawlers/warc/read-warc.ts';
import { type WarcRecord, WarcWriter } from '../../crawlers/warc/warc.ts';

export const record = (number: number, more: Partial<WarcRecord> = {}): WarcRecord => ({
  type: 'response',
  url: `http://bao.vua.test/${number}`,
  fetchedAt: '2026-11-20T08:30:00Z',
  status: 200,
  statusText: 'OK',
  headers: [['Content-Type', 'text/html; charset=utf-8']],
  body: Buffer.from(`<p>Bản tin số ${number}, nước lên ${number * 7} phân.</p>`.repeat(number + 1)),
  extra: [],
  ...more,
});

/** Into DIR/sample-00000.warc.gz and the files after it. */
export async function writeAll(dir: string, records: readonly WarcRecord[], maxBytes?: number): Promise<void> {
  const writer = WarcWriter.open(dir, 'sample', { maxBytes });
  for (const one of records) await writer.write(one);
  await writer.close();
}

/** What can be read, and the error that ended it. */
export async function readAll(
  path: string,
  options: ReadWarcOptions = {},
  signal?: AbortSignal,
): Promise<{ records: WarcRecord[]; error: ToolkitError | undefined }> {
  const records: WarcRecord[] = [];
  try {
    for await (const one of readWarc(path, signal, options)) records.push(one);
    return { records, error: undefined };
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return { records, error };
  }
}

export const fileName = 'sample-00000.warc.gz';
export const urlsOf = (records: readonly WarcRecord[]): string[] => records.map(({ url }) => url);
export const urls = (count: number): string[] => Array.from({ length: count }, (_, i) => `http://bao.vua.test/${i}`);

/** Byte ranges of the members, by the skip length in their headers. */
export function membersOf(file: Buffer): Buffer[] {
  const members: Buffer[] = [];
  for (let offset = 0; offset < file.length; ) {
    const length = file.readUInt32LE(offset + 16);
    members.push(file.subarray(offset, offset + length));
    offset += length;
  }
  return members;
}
