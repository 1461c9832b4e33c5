/** The bytes of a file, zstd undone, or of a part of it. Called by gzip.ts. */
import { createReadStream } from 'node:fs';
import { isZstdFile, unzstd } from '../bytes/zstd.ts';
import { badInput, reasonOf, ToolkitError } from '../shell/errors.ts';
import { Input } from './input.ts';

/** What is read at a time: a quarter of the trips to the disk that Node would make. */
const CHUNK_BYTES = 2 ** 18;

/** From `start` up to `end`. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** @throws ToolkitError BAD_INPUT, BAD_ZSTD (exit 2), as it is read */
export function fileInput(
  path: string,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
  within?: Window,
): Input {
  if (within !== undefined)
    return new Input((start) => chunksOf(path, within.start + start, signal, within.end - 1), onRead);
  return new Input(
    (start) => (isZstdFile(path) ? unzstdFile(path, start, signal) : chunksOf(path, start, signal)),
    onRead,
  );
}

async function* unzstdFile(path: string, start: number, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    yield* unzstd(chunksOf(path, 0, signal), start);
  } catch (error) {
    if (error instanceof ToolkitError || signal?.aborted) throw error;
    const hint = 'fetch or copy the file again; what stands before the damage was read';
    throw badInput('BAD_ZSTD', `${path}: damaged zstd data, or of a dictionary: ${reasonOf(error)}`, hint, error);
  }
}

async function* chunksOf(path: string, start: number, signal?: AbortSignal, end?: number): AsyncGenerator<Buffer> {
  if (end !== undefined && start > end) return;
  try {
    yield* createReadStream(path, { start, end, signal, highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw unreadable(path, error);
  }
}

export const unreadable = (path: string, error: unknown): ToolkitError =>
  badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'check the path and its permissions', error);
