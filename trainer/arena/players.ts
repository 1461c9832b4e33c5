/** Who plays: a checkpoint, which gives the letter that it finds likeliest; a server on this machine that speaks as OpenAI does. */
import { urlOf } from '../../crawlers/page.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { openSampler } from '../generate/open.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { LETTERS } from '../tasks/vmlu-items.ts';

export interface Player {
  readonly name: string;
  /** The letter of its answer; empty where what it says holds none. */
  answer(prompt: string, letters: readonly string[], signal: AbortSignal): Promise<string>;
  close(): void;
}

/**
 * `NAME=FOLDER` or `NAME=http://127.0.0.1:PORT/v1`, behind `#` the name of a model of the server.
 * @throws ToolkitError BAD_OPTION (exit 2): no name, or an address that is not this machine's; of opening a checkpoint
 */
export async function openPlayer(text: string, adapter: AdapterChoice): Promise<Player> {
  const [, name, place] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined)
    throw badInput(
      'BAD_OPTION',
      `arena: player ${JSON.stringify(text)}, expected NAME=FOLDER or NAME=http://127.0.0.1:PORT/v1`,
    );
  return /^https?:/.test(place) ? await endpoint(name, place) : await checkpointPlayer(name, place, adapter);
}

async function checkpointPlayer(name: string, dir: string, adapter: AdapterChoice): Promise<Player> {
  const { tokenizer, sampler, context, release } = await openSampler(dir, adapter);
  return {
    name,
    async answer(prompt, letters) {
      const ids = [tokenizer.bosId, ...tokenizer.encode(prompt)];
      const logits = await sampler.source.logits(ids.slice(-context));
      const score = (letter: string): number =>
        Math.max(...[letter, ` ${letter}`].map((form) => logits[tokenizer.encode(form)[0]]));
      return letters.reduce((best, letter) => (score(letter) > score(best) ? letter : best));
    },
    close: release,
  };
}

async function endpoint(name: string, place: string): Promise<Player> {
  const [base, model] = place.split('#');
  const url = urlOf(base);
  if (url === undefined || !/^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(url.hostname))
    throw badInput(
      'BAD_OPTION',
      `arena: ${name} is at ${base}, expected an address of this machine`,
      'http://127.0.0.1:PORT/v1',
    );
  const path = base.replace(/\/$/, '');
  // Before the clock runs: whether somebody is there, and by which name.
  const known = model ?? (await firstModel(name, path));
  return {
    name,
    async answer(prompt, letters, signal) {
      const messages = [{ role: 'user', content: prompt }];
      const said = await jsonAt(`${path}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: known, messages, max_tokens: 16, temperature: 0 }),
        signal,
      });
      const { choices } = said as { choices?: { message?: { content?: unknown } }[] };
      if (!Array.isArray(choices)) throw new Error('no choices in its answer, expected a chat completion');
      return letterIn(String(choices[0]?.message?.content ?? ''), letters);
    },
    close() {},
  };
}

async function firstModel(name: string, path: string): Promise<string> {
  let reason = 'it names no model';
  try {
    const { data } = (await jsonAt(`${path}/models`, { signal: AbortSignal.timeout(OPENING) })) as Models;
    if (typeof data?.[0]?.id === 'string') return data[0].id;
  } catch (error) {
    reason = whyOf(error);
  }
  throw badInput(
    'BAD_OPTION',
    `arena: ${name} at ${path}: ${reason}`,
    `start it, or name a model: ${name}=${path}#MODEL`,
  );
}

interface Models {
  readonly data?: readonly { readonly id?: unknown }[];
}

/** Milliseconds to say which models there are; bytes of an answer, at most. */
const OPENING = 10_000;
const MOST_BYTES = 1 << 20;

/** @throws Error saying in a few words what came instead of a JSON object */
async function jsonAt(url: string, init: RequestInit): Promise<object> {
  const response = await fetch(url, { ...init, redirect: 'error' });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  let said: unknown;
  try {
    said = JSON.parse(Buffer.concat(parts).toString());
  } catch {}
  const fault = (said as { error?: { message?: unknown } } | null | undefined)?.error?.message;
  if (!response.ok) throw new Error(String(fault ?? `status ${response.status}`));
  if (typeof said !== 'object' || said === null) throw new Error('no JSON object in its answer');
  return said;
}

/** What lies under `fetch failed`. */
const whyOf = (error: unknown): string =>
  reasonOf(error instanceof Error && error.cause instanceof Error ? error.cause : error).slice(0, 120);

/** The letter that an answer names as right, or begins with: `Đáp án: B`, `chọn (B)`, `B. …`, `**B**`. */
export function letterIn(text: string, letters: readonly string[] = LETTERS): string {
  const named = [...text.matchAll(/(?:đáp án|answer|chọn|câu|là)[^\p{L}]*([A-E])(?![\p{L}\p{M}])/giu)].at(-1);
  const found =
    /^[^\p{L}\p{N}]*([A-E])(?![\p{L}\p{M}])[^\p{L}]*$/u.exec(text) ??
    named ??
    /^[^\p{L}\p{N}]*([A-E])(?![\p{L}\p{M}])/u.exec(text);
  const letter = found?.[1].toUpperCase() ?? '';
  return letters.includes(letter) ? letter : '';
}

/** Why a try failed, in a few words. */
export const faultOf = (error: unknown, signal: AbortSignal): string =>
  signal.aborted ? 'no answer in time' : whyOf(error);
