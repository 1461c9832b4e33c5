/** Endpoints over HTTP: the query checked by its zod object, the answer as JSON, an error as `{ error: { code, message, hint } }`. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { factsOf } from '../../crawlers/shell/command.ts';
import { badInput, reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Answer } from './files.ts';
import { type Endpoint, Raw, type Root, type View } from './view.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Of what is posted. */
const MOST_BYTES = 1 << 18;

/** Of `/api/PATH`. */
export async function apiAnswer(
  path: string,
  search: URLSearchParams,
  request: IncomingMessage,
  { views, root }: { readonly views: readonly View[]; readonly root: Root },
): Promise<Answer> {
  const all = views.flatMap(({ endpoints }) => endpoints);
  if (path === '') {
    const shown = views.map(({ name, title, page }) => ({ name, title, isPage: page !== undefined }));
    return json(200, { views: shown, endpoints: all.map(describe) });
  }
  const named = all.filter((endpoint) => endpoint.path === path);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const endpoint = named.find((each) => (each.method ?? 'GET') === method);
  if (endpoint === undefined) {
    if (named.length === 0) return failed(404, 'BAD_INPUT', `no endpoint /api/${path}`, 'see /api/');
    return { ...failed(405, 'BAD_INPUT', `/api/${path}: ${method}`), headers: { allow: named[0].method ?? 'GET' } };
  }
  const left = new AbortController();
  request.once('close', () => left.abort());
  try {
    const given = method === 'POST' ? await bodyOf(request) : queryOf(endpoint.query, search);
    const query = endpoint.query.strict().safeParse(given);
    if (!query.success) {
      const { path: key, message } = query.error.issues[0];
      throw badInput('BAD_OPTION', `/api/${path}: ${key.join('.') || 'query'}: ${message}`, 'see /api/');
    }
    const answer = await endpoint.answer(query.data, root, left.signal);
    if (!(answer instanceof Raw)) return json(200, answer);
    return {
      status: 200,
      headers: { ...answer.headers, 'content-type': answer.type, 'cache-control': 'no-store' },
      body: answer.body,
    };
  } catch (error) {
    if (error instanceof ToolkitError) {
      const isMissing = ['UNKNOWN_DOCUMENT', 'NO_SNAPSHOT', 'NO_DOCUMENTS'].includes(error.code);
      return failed(isMissing ? 404 : error.exitStatus === 2 ? 400 : 500, error.code, error.message, error.hint);
    }
    return failed(500, 'UNEXPECTED', reasonOf(error));
  }
}

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': JSON_TYPE, 'cache-control': 'no-store' },
  body: JSON.stringify(value),
});

const failed = (status: number, code: string, message: string, hint?: string): Answer =>
  json(status, { error: { code, message, hint } });

/** Values of a query as the zod object wants them: lists where it has lists, numbers where it has numbers. */
function queryOf(query: z.ZodObject, search: URLSearchParams): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const name of new Set(search.keys())) {
    const type = Object.hasOwn(query.shape, name) ? (query.shape[name] as z.ZodType) : undefined;
    const { isNumber, isArray } = type === undefined ? { isNumber: false, isArray: false } : factsOf(type);
    const values = search.getAll(name).map((text) => (isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text));
    given[name] = isArray ? values : values.at(-1);
  }
  return given;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw badInput('BAD_INPUT', `more than ${MOST_BYTES} bytes were posted`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch (error) {
    throw badInput('BAD_INPUT', `what was posted is no JSON: ${reasonOf(error)}`);
  }
}

/** An endpoint for whoever reads `/api/`. */
const describe = ({ path, method = 'GET', about, query }: Endpoint) => ({
  ...{ path: `/api/${path}`, method, about },
  query: Object.fromEntries(
    Object.entries(query.shape).map(([name, type]) => {
      const { isNumber, isArray, isRequired, fallback, description } = factsOf(type as z.ZodType);
      const kind = `${isNumber ? 'number' : 'text'}${isArray ? ', may be repeated' : ''}`;
      return [
        name,
        { kind, isRequired, ...(fallback !== undefined && { default: fallback }), ...(description && { description }) },
      ];
    }),
  ),
});
