/** Source: one way to read pages from a file. index.ts lists them; adding one is one object there. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConsentTable, Page, Row } from '../page.ts';

export interface InputFile {
  /** As the user gave it, or found below the folder that the user gave. */
  readonly path: string;
  /** Stable name in URLs and ids, with `/`: the given folder's name and the path below it, or folder and name of a file. */
  readonly name: string;
  /** What its pages are of where they do not say it: the given folder's name, or that of a file. */
  readonly source: string;
}

/** It was given itself, not found below a folder. */
export const isGivenAlone = ({ name, source }: InputFile): boolean => name === source;

export interface ReadContext {
  /** When aborted, a source ends early without an error; the caller asks the signal. */
  readonly signal?: AbortSignal;
  /** Counts what is passed over, by reason. */
  readonly skipped: Map<string, number>;
  /** Hears of what was read with a doubt: bytes that are not UTF-8. */
  readonly note: (text: string) => void;
  /** What the rows of a file belong to (`Page.row`): the path as it was given, or its name. */
  readonly input?: string;
  /** The name that was given for it. */
  readonly source?: string;
  /** Which fields of rows hold text, id and address, where they have other names than the usual ones. */
  readonly fields?: { readonly text?: string; readonly id?: string; readonly url?: string };
  /** Of rows that state none. */
  readonly licence?: string;
  /** The key of JSON lines that states their consent. */
  readonly consentField?: string;
  /** What follows from statements about use, where it is not the default. */
  readonly consent?: ConsentTable;
  /** Hears how many bytes were read from a file, as they are stored. */
  readonly onRead?: (bytes: number) => void;
  /** Of a file of records: the byte at which to begin. */
  readonly from?: number;
  /** Reads what begins at `from` or behind it and before this byte (`isSplit` in index.ts says of which files). */
  readonly to?: number;
  /** Yields also what is no page but tells something of its address (`Page.notice`); it is counted as passed over. */
  readonly withNotices?: boolean;
  /** Yields also files of programs (`BINARY_KINDS`), whose bytes whoever reads the pages opens. */
  readonly withBinary?: boolean;
  /** Hears of a page that is passed over until a package is installed. */
  readonly onUnread?: () => void;
  /** Cuts a text that is too large for one document into such that are pages; without it its head stands for it. */
  readonly slicesOf?: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

export interface Source {
  /** Endings of file names that it reads, in lower case. */
  readonly endings: readonly string[];
  /** @throws ToolkitError (exit 2) naming the file, after the good pages before the fault were yielded. */
  read(file: InputFile, context: ReadContext): AsyncGenerator<Page>;
}

/** What names a row of a file from night to night. */
export const rowOf = (file: InputFile, { input, source }: ReadContext, id?: string): Row => ({
  input: input ?? file.path,
  key: [source === undefined ? resolve(file.path) : source, ...(id === undefined ? [source && file.name] : [id])].join(
    '\n',
  ),
});

/** What becomes of text that is not UTF-8: cleaning knows Vietnamese encodings by their words. */
export const GUESSED = 'the encoding of such text is guessed from its bytes';

export function countSkip({ skipped }: ReadContext, reason: string): void {
  skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
}

/** The time that stands for "fetched" when a file does not say: its last change. ISO 8601, UTC. */
export const changedAt = ({ path }: InputFile): string => statSync(path).mtime.toISOString();
