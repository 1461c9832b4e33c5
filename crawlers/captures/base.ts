/** Where the WARC files of an index stand: a folder, or a server that gives ranges of them. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Fetcher, RequestFailed } from '../fetch.ts';
import { badInput, reasonOf, tryAgain } from '../shell/errors.ts';
import type { Capture } from './index-rows.ts';

/** The bytes of a record as they are stored; a sentence where they are not to be had. */
export type Take = (capture: Capture, signal: AbortSignal) => Promise<Uint8Array | string>;

/** What a record may have, packed. */
export const MAX_RECORD_BYTES = 64 * 2 ** 20;

export const fromFolder =
  (folder: string): Take =>
  async ({ filename, offset, length }) => {
    let file: number | undefined;
    try {
      file = openSync(join(folder, filename), 'r');
      const bytes = Buffer.alloc(length);
      const read = readSync(file, bytes, 0, length, offset);
      return read === length ? bytes : `${filename}: ${read} of ${length} bytes are there at byte ${offset}`;
    } catch (error) {
      return `${filename}: ${reasonOf(error)}`;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  };

/** @throws ToolkitError REQUEST_FAILED (exit 75): the server is in trouble, or wants to be asked later */
export const fromServer =
  (base: string, fetcher: Fetcher): Take =>
  async ({ filename, offset, length }, signal) => {
    const url = new URL(filename, base.endsWith('/') ? base : `${base}/`).href;
    const answer = await fetcher
      .fetch(url, { maxBytes: length, range: [offset, offset + length - 1] }, signal)
      .catch((error: unknown) => {
        if (error instanceof RequestFailed && error.reason !== 'private_address') throw later(url, error.message);
        throw error instanceof RequestFailed
          ? badInput('BAD_INPUT', error.message, '--allow-address lets it be asked')
          : error;
      });
    const { status, body } = answer;
    if (status === 429 || status >= 500) throw later(url, `${url}: http_${status}`);
    if (status === 200 && body.length === length && offset === 0 && answer.truncated === undefined) return body;
    if (status === 200)
      return `${url}: the whole file comes where bytes ${offset}-${offset + length - 1} were asked for`;
    if (status !== 206) return `${url}: http_${status}`;
    return body.length === length ? body : `${url}: ${body.length} of ${length} bytes came at byte ${offset}`;
  };

const later = (url: string, message: string) =>
  tryAgain('REQUEST_FAILED', message, `run again later: what was taken from ${new URL(url).host} is kept`);
