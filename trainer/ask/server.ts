/**
 * The assistant over HTTP as OpenAI's clients speak it, on this machine: `/v1/models`, `/v1/chat/completions` (answers
 * from documents, with citations) and `/v1/completions` (a model goes on with a text), each whole or as server-sent events.
 * Who is answered, the guard of the inspector says; there is no CORS.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import type { Answer, Assistant } from './assistant.ts';
import type { Completer } from './complete.ts';

/** Why a request is refused, if it is: that of shards/inspector/guard.ts. */
export type Guard = (
  request: IncomingMessage,
  host: string,
  token: string | undefined,
) => { readonly status: number; readonly why: string } | undefined;

export interface AskServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Asked of everyone as `Authorization: Bearer`, where it is said. */
  readonly token?: string;
  readonly guard: Guard;
  readonly assistant: Assistant;
  /** What goes on with texts; without it `/v1/completions` says that there is no model. */
  readonly completer?: Completer;
}

/** Model names of the API. */
export const ASSISTANT_MODEL = 'vua-ask';
export const COMPLETION_MODEL = 'vua';
const BODY_LIMIT = 1 << 20;

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    [this.status, this.code] = [status, code];
  }
}

/** @throws ToolkitError BAD_INPUT (exit 2) when the address cannot be had */
export async function serveAsk(options: AskServerOptions): Promise<{ address: string; close(): Promise<void> }> {
  const { host, port } = options;
  const server = createServer((request, response) => {
    void answer(request, response, options).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(badInput('BAD_INPUT', `${host}:${port}: ${reasonOf(error)}`, 'another --port', error)),
    );
    server.listen(port, host, resolve);
  });
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${bound}/v1`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AskServerOptions): Promise<void> {
  const { host, token, guard, completer } = options;
  const refused = guard(asProgram(request), host, token);
  if (refused) throw new Refused(refused.status, 'refused', refused.why);
  const path = new URL(request.url ?? '/', 'http://vua').pathname.replace(/\/$/, '');
  if (path === '/v1/models') {
    if (request.method !== 'GET') throw new Refused(405, 'method_not_allowed', 'GET');
    const names = [ASSISTANT_MODEL, ...(completer ? [COMPLETION_MODEL] : [])];
    return send(response, 200, {
      object: 'list',
      data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'vua' })),
    });
  }
  if (path !== '/v1/chat/completions' && path !== '/v1/completions')
    throw new Refused(404, 'not_found', `${path}: there are /v1/models, /v1/chat/completions, /v1/completions`);
  if (request.method !== 'POST') throw new Refused(405, 'method_not_allowed', 'POST');
  const body = await bodyOf(request);
  if (path === '/v1/chat/completions') return await chat(body, response, options);
  return await complete(body, response, options);
}

/**
 * A program says no origin, as a page always does with what is no GET; it counts as our own, so that the guard, which is
 * made for pages, lets it pass and asks for the rest: Host, JSON, the token.
 */
function asProgram(request: IncomingMessage): IncomingMessage {
  const { headers } = request;
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return request;
  return { method: request.method, headers: { ...headers, origin: `http://${headers.host ?? ''}` } } as IncomingMessage;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_LIMIT) throw new Refused(413, 'too_large', `a body of at most ${BODY_LIMIT} bytes is expected`);
    parts.push(part);
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {}
  throw new Refused(400, 'invalid_json', 'a JSON object is expected');
}

const head = (kind: 'chat.completion' | 'text_completion', model: string) => ({
  id: `${kind === 'chat.completion' ? 'chatcmpl' : 'cmpl'}-${crypto.randomUUID()}`,
  created: Math.floor(Date.now() / 1000),
  model,
});
const wordsIn = (text: string): number => text.split(/\s+/).filter(Boolean).length;
/** In words: the assistant quotes, it has no tokens of its own. */
const usageOf = (prompt: string, text: string) => ({
  prompt_tokens: wordsIn(prompt),
  completion_tokens: wordsIn(text),
  total_tokens: wordsIn(prompt) + wordsIn(text),
});

async function chat(
  body: Record<string, unknown>,
  response: ServerResponse,
  { assistant }: AskServerOptions,
): Promise<void> {
  const { messages, stream = false, model = ASSISTANT_MODEL, stream_options: asked } = body;
  if (model !== ASSISTANT_MODEL)
    throw new Refused(404, 'model_not_found', `no model ${JSON.stringify(model)}, there is ${ASSISTANT_MODEL}`);
  const question = lastQuestion(messages);
  const given = await assistant.ask(question);
  const text = toldWithSources(given);
  const usage = usageOf(question, text);
  const base = head('chat.completion', ASSISTANT_MODEL);
  if (stream !== true) {
    const message = { role: 'assistant', content: text, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
    return send(response, 200, { ...base, object: 'chat.completion', choices, usage, citations: given.citations });
  }
  const events = openEvents(response);
  const chunk = (delta: object, finish: string | null, more: object = {}): boolean =>
    events({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...more,
    });
  chunk({ role: 'assistant', content: '' }, null);
  for (const piece of text.match(/\s*\S+\s*$|\s*\S+/g) ?? []) chunk({ content: piece }, null);
  chunk({}, 'stop', { citations: given.citations });
  if ((asked as { include_usage?: unknown } | undefined)?.include_usage === true)
    events({ ...base, object: 'chat.completion.chunk', choices: [], usage });
  endEvents(response);
}

function lastQuestion(messages: unknown): string {
  if (!Array.isArray(messages) || messages.length === 0)
    throw new Refused(400, 'invalid_messages', 'messages: a list with at least one message is expected');
  const last = messages.findLast((message) => message?.role === 'user');
  const content: unknown = last?.content;
  const text = Array.isArray(content)
    ? content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' ')
    : content;
  if (typeof text !== 'string' || text.trim() === '')
    throw new Refused(400, 'invalid_messages', 'messages: the last one of role user has no text');
  return text;
}

/** The answer and, below it, where each number leads. */
export function toldWithSources({ text, citations }: Answer): string {
  const sources = citations.map(({ title, url, passage }, at) => `[${at + 1}] ${title || url || passage} (${passage})`);
  return [text, ...sources].join('\n');
}

async function complete(
  body: Record<string, unknown>,
  response: ServerResponse,
  { completer }: AskServerOptions,
): Promise<void> {
  if (completer === undefined)
    throw new Refused(404, 'model_not_found', 'no model: start it with --checkpoint; /v1/chat/completions needs none');
  // Clients send null for what was left out.
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  const { prompt, stream = false, max_tokens: most = 64, temperature = 0.8, seed = 1, top_p: topP = 1 } = given;
  for (const [name, only] of [
    ['n', 1],
    ['best_of', 1],
    ['echo', false],
    ['stop', undefined],
    ['suffix', undefined],
  ] as const)
    if (given[name] !== undefined && given[name] !== only)
      throw new Refused(400, 'unsupported', `${name}: only ${only ?? 'nothing'} is known here`);
  const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof text !== 'string') throw new Refused(400, 'invalid_prompt', 'prompt: one text is expected');
  for (const [name, value, least, greatest] of [
    ['max_tokens', most, 1, 4096],
    ['temperature', temperature, 0, 2],
    ['top_p', topP, 1e-6, 1],
    ['seed', seed, 0, 2 ** 32 - 1],
  ] as const)
    if (typeof value !== 'number' || !(value >= least && value <= greatest))
      throw new Refused(400, 'invalid_value', `${name}: a number from ${least} to ${greatest} is expected`);
  const base = { ...head('text_completion', COMPLETION_MODEL), object: 'text_completion' };
  const parts = completer.complete(text, {
    count: most as number,
    temperature: temperature as number,
    seed: seed as number,
    topP: topP as number,
  });
  if (stream === true) {
    const events = openEvents(response);
    const choice = (piece: string, finish: string | null) => ({
      index: 0,
      text: piece,
      logprobs: null,
      finish_reason: finish,
    });
    let finish = 'stop';
    for await (const part of parts) {
      if (part.text !== '') events({ ...base, choices: [choice(part.text, null)] });
      finish = part.finish ?? finish;
      if (response.destroyed) return;
    }
    events({ ...base, choices: [choice('', finish)] });
    return endEvents(response);
  }
  let [whole, tokens, finish] = ['', 0, 'stop'];
  for await (const part of parts) [whole, tokens, finish] = [whole + part.text, part.tokens, part.finish ?? finish];
  const promptTokens = completer.count(text);
  send(response, 200, {
    ...base,
    choices: [{ index: 0, text: whole, logprobs: null, finish_reason: finish }],
    usage: { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens },
  });
}

const HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

/** Server-sent events; each call writes one. */
function openEvents(response: ServerResponse): (event: object) => boolean {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  return (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
}
function endEvents(response: ServerResponse): void {
  response.end('data: [DONE]\n\n');
}

function fail(response: ServerResponse, error: unknown): void {
  const { status, code } = error instanceof Refused ? error : { status: 500, code: 'internal' };
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  if (response.headersSent) return void response.destroy();
  send(response, status, { error: { message: reasonOf(error), type, param: null, code } });
}
