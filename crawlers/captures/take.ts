/**
 * Pages of an archive by its index: of each row the range that holds its record, checked and put into a WARC file here as it
 * stands. `taken.txt` says which were; a run that was stopped goes on behind them.
 *
 *   outDir/warc/captures-00000.warc.gz   the records, a gzip member each
 *   outDir/taken.txt                     FILENAME OFFSET, a line for each
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as timeout } from 'node:timers/promises';
import { Fetcher } from '../fetch.ts';
import { badInput, ToolkitError } from '../shell/errors.ts';
import { appendToFile, makeFolder } from '../shell/folder.ts';
import { holding } from '../shell/lock.ts';
import { type Outcome, unattended } from '../shell/work.ts';
import { isGzip, packMember } from '../warc/gzip.ts';
import { readWarc } from '../warc/read-warc.ts';
import { cutTornTail } from '../warc/warc.ts';
import { fromFolder, fromServer, MAX_RECORD_BYTES, type Take } from './base.ts';
import { type Capture, indexRows } from './index-rows.ts';

export interface TakeOptions {
  readonly index: string;
  /** Folder or http(s) URL below which the file names of the index stand. */
  readonly base: string;
  readonly outDir: string;
  /** ISO 639-3; rows that name others are passed over. Empty: any. */
  readonly language: string;
  /** Pages to take in this run. */
  readonly maxPages: number;
  /** Between two requests. */
  readonly delayMs: number;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly allowedAddresses?: readonly string[];
}

export interface Taken {
  readonly pages: number;
  readonly bytes: number;
  /** Rows that were passed over, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Rows whose record was not to be had, in sentences, the first of them. */
  readonly faults: readonly string[];
  readonly faulty: number;
}

const MAX_FILE_BYTES = 2 ** 30;
const SHOWN_FAULTS = 20;
const TEXT = /^(text\/html|application\/xhtml\+xml|text\/plain)$/;

/**
 * `nothing_new`: every row that is wanted was taken before.
 * @throws ToolkitError BAD_INPUT (exit 2), REQUEST_FAILED and FOLDER_LOCKED (exit 75), WRITE_FAILED
 */
export function takeCaptures(options: TakeOptions, work = unattended()): Promise<Outcome<Taken>> {
  return holding(options.outDir, [], () => takeLocked(options, work));
}

async function takeLocked(
  options: TakeOptions,
  { signal, report }: ReturnType<typeof unattended>,
): Promise<Outcome<Taken>> {
  const { index, base, outDir, maxPages, delayMs } = options;
  const isServer = /^https?:\/\//i.test(base);
  if (!isServer && !existsSync(base))
    throw badInput('BAD_INPUT', `${base}: no such folder`, 'give a folder or an http(s) URL');
  const fetcher = new Fetcher(options);
  const take = isServer ? fromServer(base, fetcher) : fromFolder(base);
  const shelf = new Shelf(outDir, (text) => report.note(text));
  const progress = report.stage('captures', 'pages');
  const skipped = new Map<string, number>();
  const faults: string[] = [];
  let [pages, bytes, faulty] = [0, 0, 0];
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const fail = (fact: string): void => {
    faulty++;
    if (faults.push(fact) > SHOWN_FAULTS) faults.pop();
  };
  try {
    for await (const row of indexRows(index, signal)) {
      if (pages >= maxPages || signal.aborted) break;
      const reason = typeof row === 'number' ? undefined : reasonAgainst(row, options.language);
      if (typeof row === 'number') fail(`${index}: row ${row} does not say where its record stands`);
      else if (reason !== undefined) skip(reason);
      else if (shelf.has(row)) skip('taken before');
      else {
        if (isServer && pages + faulty > 0) await timeout(delayMs, undefined, { signal }).catch(() => {});
        const found = await recordOf(row, take, signal);
        if (typeof found === 'string') fail(found);
        else {
          shelf.put(row, found);
          pages++;
          bytes += found.length;
          progress.update(pages, { bytes });
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.finish();
    await fetcher.close();
  }
  const outcome = signal.aborted ? 'interrupted' : pages > 0 ? 'written' : 'nothing_new';
  return { outcome, report: { pages, bytes, skipped, faults, faulty } };
}

function reasonAgainst({ status, mediaType, languages }: Capture, language: string): string | undefined {
  if (status !== undefined && status !== '200') return `status ${status}`;
  if (mediaType !== undefined && !TEXT.test(mediaType)) return `type ${mediaType}`;
  const isOther = language !== '' && languages !== undefined && !languages.split(',').includes(language);
  return isOther ? `language ${languages}` : undefined;
}

/** The record as a gzip member of its own; a sentence where there is none, or that of another page. */
async function recordOf(row: Capture, take: Take, signal: AbortSignal): Promise<Uint8Array | string> {
  if (row.length > MAX_RECORD_BYTES) return `${row.filename}: a record of ${row.length} bytes at byte ${row.offset}`;
  const bytes = await take(row, signal);
  if (typeof bytes === 'string') return bytes;
  const member = isGzip(bytes) ? bytes : await packMember(bytes);
  const place = `${row.filename}: at byte ${row.offset}`;
  const file = join(tmpdir(), `vua-capture-${process.pid}.warc.gz`);
  try {
    writeFileSync(file, member);
    const records = [];
    for await (const record of readWarc(file, signal)) records.push(record);
    if (records.length !== 1) return `${place}: ${records.length} pages, expected one`;
    return records[0]!.url === row.url ? member : `${place}: the page is ${records[0]!.url}, the index says ${row.url}`;
  } catch (error) {
    if (error instanceof ToolkitError) return `${place}: ${error.message.slice(error.message.indexOf(': ') + 2)}`;
    throw error;
  } finally {
    rmSync(file, { force: true });
  }
}

/** What was taken, on disk: a record is there before its line. */
class Shelf {
  readonly #dir: string;
  readonly #list: string;
  readonly #taken: Set<string>;
  #file: string;
  #size: number;
  #number: number;

  constructor(outDir: string, note: (text: string) => void) {
    this.#dir = join(outDir, 'warc');
    makeFolder(this.#dir);
    this.#list = join(outDir, 'taken.txt');
    const text = existsSync(this.#list) ? readFileSync(this.#list, 'utf8') : '';
    this.#taken = new Set(text.split('\n').slice(0, -1));
    if (!text.endsWith('\n') && text !== '') appendToFile(this.#list, '\n'); // a line that a crash cut names nothing
    const numbers = readdirSync(this.#dir).flatMap((name) => /^captures-(\d{5})\.warc\.gz$/.exec(name)?.[1] ?? []);
    this.#number = Math.max(0, ...numbers.map(Number));
    this.#file = this.#named(this.#number);
    if (existsSync(this.#file)) this.#mend(note);
    this.#size = existsSync(this.#file) ? statSync(this.#file).size : 0;
  }

  has({ filename, offset }: Capture): boolean {
    return this.#taken.has(`${filename} ${offset}`);
  }

  put({ filename, offset }: Capture, member: Uint8Array): void {
    if (this.#size > 0 && this.#size + member.length > MAX_FILE_BYTES) this.#next();
    appendToFile(this.#file, member);
    this.#size += member.length;
    appendToFile(this.#list, `${filename} ${offset}\n`);
    this.#taken.add(`${filename} ${offset}`);
  }

  #mend(note: (text: string) => void): void {
    const file = openSync(this.#file, 'r+');
    try {
      if (!cutTornTail(file, this.#file, note).isWhole) this.#next();
    } finally {
      closeSync(file);
    }
  }

  #next(): void {
    this.#number++;
    this.#file = this.#named(this.#number);
    this.#size = 0;
  }

  #named(number: number): string {
    return join(this.#dir, `captures-${String(number).padStart(5, '0')}.warc.gz`);
  }
}
