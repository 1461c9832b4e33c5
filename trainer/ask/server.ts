/**
 * The assistant over HTTP as OpenAI's clients speak it, on this machine: `/v1/models`, `/v1/chat/completions` (answers
 * from documents, with citations) and `/v1/completions` (a model goes on with a text), each whole or as server-sent events.
 * Who is answered, the guard of the inspector says; there is no CORS.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import {
  type Asked,
  askedOf,
  MOST,
  numberIn,
  onlyKnown,
  Refused,
  stopsIn,
  streamIn,
  unknownModel,
  usageWanted,
} from './asked.ts';
import type { Answer, Assistant } from './assistant.ts';
import { type Completer, untilStop } from './complete.ts';

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
  if (/^\/v1\/models(?:\/|$)/.test(path)) {
    if (request.method !== 'GET') throw new Refused(405, 'method_not_allowed', 'GET');
    const names = [ASSISTANT_MODEL, ...(completer ? [COMPLETION_MODEL] : [])];
    const models = names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'vua' }));
    if (path === '/v1/models') return send(response, 200, { object: 'list', data: models });
    const wanted = path.slice('/v1/models/'.length);
    return send(response, 200, models.find(({ id }) => id === wanted) ?? unknownModel(wanted, names));
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

async function bodyOf(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_LIMIT) throw new Refused(413, 'too_large', `a body of at most ${BODY_LIMIT} bytes is expected`);
    parts.push(part);
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return askedOf(body);
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

async function chat(given: Asked, response: ServerResponse, { assistant }: AskServerOptions): Promise<void> {
  const { messages, model = ASSISTANT_MODEL } = given;
  if (model !== ASSISTANT_MODEL) unknownModel(model, [ASSISTANT_MODEL]);
  onlyKnown(given, { n: 1, logprobs: false, tool_choice: 'auto or none', response_format: { type: 'text' } });
  const most = numberIn(
    given,
    given.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens',
    MOST,
  );
  const [isStream, isCounted, stops] = [streamIn(given), usageWanted(given), stopsIn(given)];
  const question = lastQuestion(messages);
  const answer = await assistant.ask(question);
  const { text, finish } = cutTo(toldWithSources(answer), most, stops);
  const usage = usageOf(question, text);
  const base = head('chat.completion', ASSISTANT_MODEL);
  if (!isStream) {
    const message = { role: 'assistant', content: text, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
    return send(response, 200, { ...base, object: 'chat.completion', choices, usage, citations: answer.citations });
  }
  const events = openEvents(response);
  const chunk = (delta: object, finish_reason: string | null, more: object = {}): boolean =>
    events({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...more,
    });
  chunk({ role: 'assistant', content: '' }, null);
  for (const piece of text.match(PIECES) ?? []) chunk({ content: piece }, null);
  chunk({}, finish, { citations: answer.citations });
  if (isCounted) events({ ...base, object: 'chat.completion.chunk', choices: [], usage });
  endEvents(response);
}

/** A word with the space before it. */
const PIECES = /\s*\S+\s*$|\s*\S+/g;

/** The first words of an answer, up to the first of the stops: the assistant counts in words. */
function cutTo(text: string, most: number, stops: readonly string[]): { text: string; finish: 'stop' | 'length' } {
  const at = Math.min(...stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0), text.length);
  const words = text.slice(0, at).match(PIECES) ?? [];
  const isLong = words.length > most;
  return { text: isLong ? words.slice(0, most).join('') : text.slice(0, at), finish: isLong ? 'length' : 'stop' };
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

async function complete(given: Asked, response: ServerResponse, { completer }: AskServerOptions): Promise<void> {
  if (completer === undefined)
    throw new Refused(404, 'model_not_found', 'no model: start it with --checkpoint; /v1/chat/completions needs none');
  const { prompt, model = COMPLETION_MODEL } = given;
  if (model !== COMPLETION_MODEL) unknownModel(model, [COMPLETION_MODEL]);
  onlyKnown(given, { n: 1, best_of: 1, echo: false, suffix: '', logprobs: undefined });
  const text = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  if (typeof text !== 'string') throw new Refused(400, 'invalid_prompt', 'prompt: one text is expected');
  const how = {
    count: numberIn(given, 'max_tokens', { ...MOST, missing: 64 }),
    temperature: numberIn(given, 'temperature', { least: 0, most: 2, missing: 0.8 }),
    seed: numberIn(given, 'seed', { least: 0, most: 2 ** 32 - 1, whole: true, missing: 1 }),
    topP: numberIn(given, 'top_p', { least: 1e-6, most: 1, missing: 1 }),
  };
  const [isStream, isCounted, stops] = [streamIn(given), usageWanted(given), stopsIn(given)];
  const base = { ...head('text_completion', COMPLETION_MODEL), object: 'text_completion' };
  const promptTokens = completer.count(text);
  const usage = (tokens: number) => ({
    ...{ prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens },
  });
  const choice = (piece: string, finish: string | null) => ({
    ...{ index: 0, text: piece, logprobs: null, finish_reason: finish },
  });
  const events = isStream ? openEvents(response) : undefined;
  let [whole, tokens, finish] = ['', 0, 'stop'];
  for await (const part of untilStop(completer.complete(text, how), stops)) {
    if (response.destroyed) return; // who asked is gone: the device is free again
    if (part.text !== '') events?.({ ...base, choices: [choice(part.text, null)] });
    [whole, tokens, finish] = [whole + part.text, part.tokens, part.finish ?? finish];
  }
  if (events === undefined)
    return send(response, 200, { ...base, choices: [choice(whole, finish)], usage: usage(tokens) });
  events({ ...base, choices: [choice('', finish)] });
  if (isCounted) events({ ...base, choices: [], usage: usage(tokens) });
  endEvents(response);
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
