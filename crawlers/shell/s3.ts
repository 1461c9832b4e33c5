/**
 * Objects behind the S3 protocol, at Amazon's or any compatible server: `s3://BUCKET/KEY`. Signing is aws4fetch's, requests
 * are plain `fetch`: 90 kB without dependencies, where the SDK brings 15 MB and six layers. Node or a page.
 *
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   none: requests are not signed, for public buckets
 *   AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL                         of another server than Amazon's: addressed by path
 *   AWS_REGION, AWS_DEFAULT_REGION                                us-east-1; the one that the server names is taken
 */
import { badInput, reasonOf, ToolkitError, tryAgain } from './errors.ts';

export const isS3 = (where: string): boolean => where.startsWith('s3://');

export interface S3Place {
  readonly bucket: string;
  /** Without a leading slash; empty: the bucket. */
  readonly key: string;
}

/** @throws ToolkitError BAD_ADDRESS (exit 2) */
export function s3Place(where: string): S3Place {
  const [, bucket, key = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(where) ?? [];
  const isKey = !key.split('/').some((part) => part === '.' || part === '..');
  if (bucket !== undefined && /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && isKey) return { bucket, key };
  throw badInput(
    'BAD_ADDRESS',
    `${where}: expected s3://BUCKET/KEY, a bucket of 3 to 63 of a-z 0-9 . -, a key without . and ..`,
  );
}

export interface S3Object {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

export interface S3Request {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
  /** Answers that are no fault. */
  readonly expect?: readonly number[];
}

const ATTEMPTS = 8;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 20_000;
const TIMEOUT_MS = 120_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

const environment = (name: string): string | undefined =>
  (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env[name] || undefined;

/** Regions that servers named, by bucket. */
const regions = new Map<string, string>();
/** By which this machine's clock is behind the server's. */
let behindMs = 0;

const endpoint = (): string | undefined =>
  (environment('AWS_ENDPOINT_URL_S3') ?? environment('AWS_ENDPOINT_URL'))?.replace(/\/+$/, '');

const regionOf = (bucket: string): string =>
  regions.get(bucket) ?? environment('AWS_REGION') ?? environment('AWS_DEFAULT_REGION') ?? 'us-east-1';

/** As RFC 3986 has it: what signs and what is sent are the same, whatever the name. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

function urlOf({ bucket, key }: S3Place, query: Readonly<Record<string, string>>): string {
  const path = key.split('/').map(encoded).join('/');
  const own = endpoint();
  const amazon = `s3.${regionOf(bucket)}.amazonaws.com`;
  const base = own
    ? `${own}/${bucket}`
    : bucket.includes('.')
      ? `https://${amazon}/${bucket}`
      : `https://${bucket}.${amazon}`;
  const asked = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return `${base}/${path}${asked.length > 0 ? `?${asked.join('&')}` : ''}`;
}

/** One request, signed, without another attempt. */
async function once(
  place: S3Place,
  { method = 'GET', query = {}, headers = {}, body, signal }: S3Request,
): Promise<Response> {
  const url = urlOf(place, query);
  const accessKeyId = environment('AWS_ACCESS_KEY_ID');
  const secretAccessKey = environment('AWS_SECRET_ACCESS_KEY');
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const ends = signal ? AbortSignal.any([signal, timeout]) : timeout;
  if (!accessKeyId || !secretAccessKey) return fetch(url, { method, headers, body, signal: ends, redirect: 'manual' });
  const { AwsV4Signer } = await import('aws4fetch');
  const signer = new AwsV4Signer({
    ...{ method, url, accessKeyId, secretAccessKey, sessionToken: environment('AWS_SESSION_TOKEN') },
    ...{ service: 's3', region: regionOf(place.bucket), body },
    headers: { ...headers, 'x-amz-content-sha256': await sha256(body ?? new Uint8Array(0)) },
    datetime: new Date(Date.now() + behindMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  const signed = await signer.sign();
  return fetch(signed.url, { method, headers: signed.headers, body, signal: ends, redirect: 'manual' });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * One signed answer as it comes, for whoever asks again himself; a clock that is wrong and another region are put right.
 * @throws ToolkitError for what no other attempt mends: REQUEST_FAILED (exit 2: credentials, what is forbidden), BAD_ADDRESS
 *   (no such bucket or key)
 */
export async function s3Answer(where: string, request: S3Request): Promise<Response> {
  const place = s3Place(where);
  for (let mended = 0; ; mended++) {
    const response = await once(place, request);
    if (response.ok || request.expect?.includes(response.status)) return response;
    const text = request.method === 'HEAD' ? '' : await response.text();
    if (mended < 2 && putRight(place, response, text)) continue;
    const code = tag(text, 'Code');
    if (!PASSING.has(response.status) && code !== 'RequestTimeout') throw refused(where, response, code, text);
    return new Response(text, { status: response.status, headers: response.headers });
  }
}

/**
 * What `read` makes of an answer, after as many attempts as it needs: no connection, 408, 429, 5xx and SlowDown pass, and so
 * does what `read` throws.
 * @throws ToolkitError as s3Answer; REQUEST_FAILED (exit 75) when attempts are used up
 */
export async function s3Request<T>(
  where: string,
  request: S3Request,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let failure: { readonly error: unknown; readonly afterMs?: number };
    try {
      const response = await s3Answer(where, request);
      if (response.ok || request.expect?.includes(response.status)) return await read(response);
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const code = tag(await response.text(), 'Code');
      failure = {
        error: new Error(`HTTP ${response.status}${code && ` ${code}`}`),
        ...(Number.isFinite(seconds) && { afterMs: 1000 * seconds }),
      };
    } catch (error) {
      if (error instanceof ToolkitError || request.signal?.aborted) throw error;
      failure = { error };
    }
    if (attempt >= ATTEMPTS) {
      throw tryAgain(
        'REQUEST_FAILED',
        `${where}: ${causeOf(failure.error)}, after ${attempt} attempts`,
        endpoint()
          ? `is ${endpoint()} up (AWS_ENDPOINT_URL)?`
          : "is the network up? of another server than Amazon's give AWS_ENDPOINT_URL",
        failure.error,
      );
    }
    const delay = Math.min(LONGEST_DELAY_MS, failure.afterMs ?? FIRST_DELAY_MS * 2 ** (attempt - 1));
    await new Promise((resolve) => setTimeout(resolve, delay * (1 + Math.random() / 4)));
  }
}

/** `fetch failed` says nothing; what lies behind it does. */
const causeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  return reasonOf(cause) || reasonOf(error);
};

/** Takes the region or the time that the server names; true where that is new. */
function putRight({ bucket }: S3Place, response: Response, text: string): boolean {
  const named =
    response.headers.get('x-amz-bucket-region') ??
    /<Region>([\w-]+)<\/Region>|expecting '([\w-]+)'/.exec(text)?.slice(1).find(Boolean);
  if (named && named !== regionOf(bucket) && [301, 307, 400, 403].includes(response.status)) {
    regions.set(bucket, named);
    return true;
  }
  const date = Date.parse(response.headers.get('date') ?? '');
  if (/RequestTimeTooSkewed|request is not valid yet|request has expired/i.test(text) && Number.isFinite(date)) {
    behindMs = date - Date.now();
    return true;
  }
  return false;
}

const UNSIGNED = 'give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: without them only public buckets can be read';

function refused(where: string, response: Response, code: string, text: string): ToolkitError {
  const { bucket } = s3Place(where);
  const said = entities(tag(text, 'Message'));
  const fact = `HTTP ${response.status}${code && ` ${code}`}${said && `: ${said}`}`;
  const has = environment('AWS_ACCESS_KEY_ID') && environment('AWS_SECRET_ACCESS_KEY');
  if (/region/i.test(said))
    return badInput('REQUEST_FAILED', `${where}: ${fact}`, 'give the region of the bucket: AWS_REGION');
  switch (code || String(response.status)) {
    case 'NoSuchBucket':
      return badInput(
        'BAD_ADDRESS',
        `${where}: there is no bucket ${bucket} at ${endpoint() ?? 'Amazon'}`,
        'make it there first; of another server give AWS_ENDPOINT_URL',
      );
    case 'NoSuchKey':
    case '404':
      return badInput('BAD_ADDRESS', `${where}: is not there (${fact})`);
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound': // as versitygw says it
    case 'SignatureDoesNotMatch':
    case 'InvalidToken':
    case 'ExpiredToken':
      return badInput(
        'REQUEST_FAILED',
        `${where}: ${fact}`,
        'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN',
      );
    case 'RequestTimeTooSkewed':
      return badInput(
        'REQUEST_FAILED',
        `${where}: ${fact}`,
        `the clock of this machine says ${new Date().toISOString()}: set it`,
      );
    case 'AccessDenied':
    case '403':
      return badInput(
        'REQUEST_FAILED',
        `${where}: ${fact}`,
        has ? `may the key ${environment('AWS_ACCESS_KEY_ID')} do this there?` : UNSIGNED,
      );
    default:
      return badInput('REQUEST_FAILED', `${where}: ${fact}`, has ? undefined : UNSIGNED);
  }
}

/** Before much is done: a HEAD that is refused does not say why, this does. @throws ToolkitError as s3Request */
export const s3Check = (where: string): Promise<void> =>
  s3Request(`s3://${s3Place(where).bucket}/`, { query: { 'list-type': '2', 'max-keys': '1' } }, async (response) => {
    await response.arrayBuffer();
  });

/** Objects whose keys begin with that of `where`, by key. */
export async function s3List(where: string, signal?: AbortSignal): Promise<S3Object[]> {
  const { bucket, key: prefix } = s3Place(where);
  const found: S3Object[] = [];
  for (let token = ''; ; ) {
    const query = {
      ...{ 'list-type': '2', prefix, 'encoding-type': 'url', 'max-keys': '1000' },
      ...(token && { 'continuation-token': token }),
    };
    const text = await s3Request(`s3://${bucket}/`, { query, signal }, (response) => response.text());
    const isEncoded = tag(text, 'EncodingType') === 'url'; // not every server does as it is asked
    for (const [, entry] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      const key = entities(tag(entry, 'Key'));
      found.push({
        key: isEncoded ? unencoded(key) : key,
        bytes: Number(tag(entry, 'Size')),
        etag: etagOf(tag(entry, 'ETag')),
      });
    }
    if (tag(text, 'IsTruncated') !== 'true') return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    token = entities(tag(text, 'NextContinuationToken'));
  }
}

export const tag = (text: string, name: string): string =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
const unencoded = (key: string): string => decodeURIComponent(key.replaceAll('+', '%20'));
export const entities = (text: string): string =>
  text.replace(/&(quot|amp|lt|gt|apos|#(\d+));/g, (_, name, number) =>
    number ? String.fromCodePoint(Number(number)) : { quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" }[name as 'amp'],
  );
export const etagOf = (text: string): string => entities(text).replaceAll('"', '');

/** Bytes `from` … `to` − 1, all of them. @param etag Of the object as it was, where it may have been replaced. */
export function s3Range(
  where: string,
  from: number,
  to: number,
  etag?: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const headers = { range: `bytes=${from}-${to - 1}`, ...(etag && { 'if-match': `"${etag}"` }) };
  return s3Request(where, { headers, signal, expect: [412] }, async (response) => {
    if (response.status === 412) throw badInput('BAD_INPUT', `${where}: was replaced while it was read`, 'run again');
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== to - from) throw new Error(`${bytes.length} bytes, expected ${to - from}`); // asked for again
    return bytes;
  });
}

/** A whole small object; none where there is none. */
export const s3Get = (where: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  s3Request(where, { signal, expect: [404] }, async (response) => {
    if (response.status === 404) return notThere(where, await response.text());
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (Number.isFinite(length) && length !== bytes.length)
      throw new Error(`${bytes.length} bytes, expected ${length}`);
    return bytes;
  });

function notThere(where: string, text: string): undefined {
  if (!text.includes('NoSuchBucket')) return undefined;
  throw refused(where, new Response(null, { status: 404 }), 'NoSuchBucket', text);
}

/** The server compares a SHA-256 of the body. @param facts Kept beside the object. @returns its ETag */
export const s3Put = (
  where: string,
  body: Uint8Array<ArrayBuffer>,
  facts: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<string> => {
  const headers = Object.fromEntries(Object.entries(facts).map(([name, value]) => [`x-amz-meta-${name}`, value]));
  return s3Request(where, { method: 'PUT', body, headers, signal }, async (response) => {
    await response.arrayBuffer();
    return etagOf(response.headers.get('etag') ?? '');
  });
};

export const s3Delete = (where: string): Promise<void> =>
  s3Request(where, { method: 'DELETE', expect: [404] }, async (response) => {
    await response.arrayBuffer();
  });

export interface S3Head {
  readonly bytes: number;
  readonly etag: string;
  readonly fact: (name: string) => string | undefined;
}

export const s3Head = (where: string): Promise<S3Head | undefined> =>
  s3Request(where, { method: 'HEAD', expect: [404] }, async (response) => {
    if (response.status === 404) return undefined;
    return {
      bytes: Number(response.headers.get('content-length')),
      etag: etagOf(response.headers.get('etag') ?? ''),
      fact: (name) => response.headers.get(`x-amz-meta-${name}`) ?? undefined,
    };
  });
