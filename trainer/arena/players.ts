/** Who plays: a checkpoint, which gives the letter that it finds likeliest; a server on this machine that speaks as OpenAI does. */
import { urlOf } from '../../crawlers/page.ts';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { Sampler } from '../generate/sample.ts';
import { type AdapterChoice, openGpu } from '../gpu/adapter.ts';
import { Arena } from '../model/arena.ts';
import { loadCheckpoint, openCheckpoint } from '../record/checkpoint.ts';
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
  return /^https?:/.test(place) ? endpoint(name, place) : await checkpointPlayer(name, place, adapter);
}

async function checkpointPlayer(name: string, dir: string, adapter: AdapterChoice): Promise<Player> {
  const checkpoint = openCheckpoint(dir, { need: 'parameters' });
  const tokenizer = await Tokenizer.load(checkpoint.dir);
  const { config } = checkpoint.state;
  const gpu = await openGpu(adapter);
  const arena = new Arena(gpu, config, { parts: ['params'] });
  loadCheckpoint(checkpoint, arena);
  const sampler = await Sampler.create(gpu, config, arena);
  return {
    name,
    async answer(prompt, letters) {
      const ids = [tokenizer.bosId, ...tokenizer.encode(prompt)];
      const logits = await sampler.source.logits(ids.slice(-config.context));
      const score = (letter: string): number =>
        Math.max(...[letter, ` ${letter}`].map((form) => logits[tokenizer.encode(form)[0]]));
      return letters.reduce((best, letter) => (score(letter) > score(best) ? letter : best));
    },
    close() {
      sampler.release();
      arena.release();
      gpu.destroy();
    },
  };
}

function endpoint(name: string, place: string): Player {
  const [base, model] = place.split('#');
  const url = urlOf(base);
  if (url === undefined || !(url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\./.test(url.hostname)))
    throw badInput(
      'BAD_OPTION',
      `arena: ${name} is at ${base}, expected an address of this machine`,
      'http://127.0.0.1:PORT/v1',
    );
  const path = base.replace(/\/$/, '');
  let known = model;
  return {
    name,
    async answer(prompt, letters, signal) {
      known ??= await firstModel(path, signal);
      const messages = [{ role: 'user', content: prompt }];
      const response = await fetch(`${path}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: known, messages, max_tokens: 16, temperature: 0 }),
        redirect: 'error',
        signal,
      });
      const said = (await response.json()) as {
        choices?: { message?: { content?: unknown } }[];
        error?: { message?: unknown };
      };
      if (!response.ok) throw new Error(String(said.error?.message ?? `status ${response.status}`));
      return letterIn(String(said.choices?.[0]?.message?.content ?? ''), letters);
    },
    close() {},
  };
}

async function firstModel(path: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${path}/models`, { signal, redirect: 'error' });
  const { data } = (await response.json()) as { data?: { id?: unknown }[] };
  if (typeof data?.[0]?.id !== 'string') throw new Error('it names no model');
  return data[0].id;
}

/** The letter that an answer begins with, or names: `B`, `B. …`, `Đáp án: B`, `chọn (B)`. */
export function letterIn(text: string, letters: readonly string[] = LETTERS): string {
  const found =
    /^\W*([A-E])(?![\p{L}\p{M}])/u.exec(text) ?? /(?:đáp án|chọn|câu|là)[^\p{L}]*([A-E])(?![\p{L}\p{M}])/iu.exec(text);
  const letter = found?.[1].toUpperCase() ?? '';
  return letters.includes(letter) ? letter : '';
}

/** Why a try failed, in a few words. */
export const faultOf = (error: unknown, signal: AbortSignal): string =>
  signal.aborted ? 'no answer in time' : reasonOf(error).slice(0, 120);
