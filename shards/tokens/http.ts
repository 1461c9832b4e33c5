/**
 * Parts of shard files behind HTTP or in an S3 bucket, in Node or in a page, with plain `fetch`: one `Range` request for each. What passes
 * (no connection, time-out, 408, 425, 429, 5xx, a body that breaks off) is asked for again, later each time; what does
 * not (404, a file of another size, a server that ignores `Range`) is an error at once.
 */
import { reasonOf, ToolkitError, tryAgain } from '../../crawlers/shell/errors.ts';
import { isS3, s3Answer } from '../../crawlers/shell/s3.ts';
import { badShard, checkSize, pathOf, type RangeReader } from '../arrow/ranges.ts';

export interface HttpOptions {
  /** Times that a request is made at most. */
  readonly attempts?: number;
  /** Pause before the second attempt; it doubles from one to the next. */
  readonly firstDelayMs?: number;
  /** Longest wait for one answer, body included. */
  readonly timeoutMs?: number;
}

const ATTEMPTS = 6;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
const TIMEOUT_MS = 60_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The parts of shards below a URL, that of the folder. */
export function httpRanges(base: string, options: HttpOptions = {}): RangeReader {
  return {
    where: base,
    read({ file, fileBytes, position, part }, target) {
      const url = pathOf(base, file);
      const end = position + target.length - 1;
      return patiently(url, part, options, async (signal) => {
        const response = await request(url, { headers: { range: `bytes=${position}-${end}` }, signal });
        if (response.status !== 206) {
          await refuse(response);
          throw badShard(url, `${part}: ${explain(response.status)}`);
        }
        const [, first, last, size] =
          /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
        if (size !== undefined) checkSize(url, Number(size), fileBytes);
        if (Number(first) !== position || Number(last) !== end) {
          throw badShard(url, `${part}: answered bytes ${first}-${last}, asked for ${position}-${end}`);
        }
        const body = new Uint8Array(await response.arrayBuffer());
        if (body.length !== target.length) throw new Passing(`${body.length} bytes, expected ${target.length}`);
        target.set(body);
      });
    },
  };
}

/** A whole small file. @throws ToolkitError REQUEST_FAILED, BAD_SHARD */
export async function fetchBytes(url: string, options: HttpOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array();
  await patiently(url, 'whole', options, async (signal) => {
    const response = await request(url, { signal });
    if (!response.ok) {
      await refuse(response);
      throw badShard(url, `HTTP ${response.status}`);
    }
    bytes = new Uint8Array(await response.arrayBuffer());
  });
  return bytes;
}

/** `s3://` is signed, everything else asked for plainly. */
const request = (url: string, how: { headers?: Record<string, string>; signal: AbortSignal }): Promise<Response> =>
  isS3(url) ? s3Answer(url, how) : fetch(url, how);

/** Worth another attempt. */
class Passing extends Error {
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs?: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** Lets an answer go whose body nobody wants. @throws Passing when asking again may help */
async function refuse(response: Response): Promise<void> {
  await response.body?.cancel();
  if (!PASSING.has(response.status)) return;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  throw new Passing(`HTTP ${response.status}`, Number.isFinite(seconds) ? 1000 * seconds : undefined);
}

function explain(status: number): string {
  if (status === 200) return 'HTTP 200, expected 206: the server ignores Range requests';
  if (status === 416) return 'HTTP 416: the file is shorter than the manifest says';
  return `HTTP ${status}, expected 206`;
}

async function patiently(
  url: string,
  part: string,
  options: HttpOptions,
  ask: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { attempts = ATTEMPTS, firstDelayMs = FIRST_DELAY_MS, timeoutMs = TIMEOUT_MS } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await ask(AbortSignal.timeout(timeoutMs));
      return;
    } catch (error) {
      if (error instanceof ToolkitError) throw error;
      if (attempt >= attempts) {
        throw tryAgain(
          'REQUEST_FAILED',
          `${url}: ${part}: ${reasonOf(error)}, after ${attempts} attempts`,
          'is the server up? the same command with --resume goes on from the last checkpoint',
          error,
        );
      }
      const asked = error instanceof Passing ? error.afterMs : undefined;
      const delay = Math.min(LONGEST_DELAY_MS, asked ?? firstDelayMs * 2 ** (attempt - 1));
      // Many devices that lost one server at one moment should not come back at one moment.
      await new Promise((resolve) => setTimeout(resolve, delay * (1 + Math.random() / 4)));
    }
  }
}
