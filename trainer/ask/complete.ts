/** A model that goes on with texts, one request after the other: the device is one. */
import { openSampler } from '../generate/open.ts';
import type { AdapterChoice } from '../gpu/choice.ts';

export interface CompletionOptions {
  /** Tokens at most. */
  readonly count: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

export interface CompletionPart {
  readonly text: string;
  /** Tokens so far. */
  readonly tokens: number;
  /** With the last part. */
  readonly finish?: 'stop' | 'length';
}

export interface Completer {
  /** Tokens of a text. */
  count(text: string): number;
  complete(prompt: string, options: CompletionOptions): AsyncGenerator<CompletionPart>;
  release(): void;
}

/** @throws ToolkitError of opening a checkpoint and an adapter */
export async function openCompleter(dir: string, adapter: AdapterChoice): Promise<Completer> {
  const { tokenizer, sampler, release } = await openSampler(dir, adapter);
  let turn: Promise<void> = Promise.resolve();
  return {
    count: (text) => tokenizer.encode(text).length,
    async *complete(prompt, { count, temperature, topP, seed }) {
      const before = turn;
      let done = (): void => {};
      turn = new Promise<void>((resolve) => {
        done = resolve;
      });
      await before;
      try {
        const start = [tokenizer.bosId, ...tokenizer.encode(prompt)];
        const ids: number[] = [];
        let shown = 0;
        const how = { count, temperature, topP, seed, topK: 40, stopId: tokenizer.bosId };
        for await (const id of sampler.generate(start, how)) {
          ids.push(id);
          const text = tokenizer.decode(ids).replace(/\ufffd+$/, '');
          yield { text: text.slice(shown), tokens: ids.length };
          shown = Math.max(shown, text.length);
        }
        const rest = tokenizer.decode(ids).slice(shown);
        yield { text: rest, tokens: ids.length, finish: ids.length < count ? 'stop' : 'length' };
      } finally {
        done();
      }
    },
    release,
  };
}

/** Parts up to the first of the stops, which is in none of them; what may begin one is held back. */
export async function* untilStop(
  parts: AsyncGenerator<CompletionPart>,
  stops: readonly string[],
): AsyncGenerator<CompletionPart> {
  let held = '';
  for await (const { text, tokens, finish } of parts) {
    held += text;
    const at = Math.min(...stops.map((stop) => held.indexOf(stop)).filter((place) => place >= 0));
    if (Number.isFinite(at)) {
      yield { text: held.slice(0, at), tokens, finish: 'stop' };
      return;
    }
    const keeps = finish === undefined ? longestStart(held, stops) : 0;
    yield { text: held.slice(0, held.length - keeps), tokens, ...(finish && { finish }) };
    held = held.slice(held.length - keeps);
  }
}

/** How much of the end of a text begins a stop. */
function longestStart(text: string, stops: readonly string[]): number {
  const most = Math.max(0, ...stops.map((stop) => stop.length - 1));
  for (let length = Math.min(most, text.length); length > 0; length--)
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length;
  return 0;
}
