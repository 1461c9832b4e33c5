/** Who writes a line along an automaton: a model, token by token under a mask, or chance. */
import type { Tokenizer } from '../../tokenizer/load.ts';
import { draw } from '../generate/draw.ts';
import type { LogitSource } from '../generate/sample.ts';
import { asTrie, type Choice, type State, Vocabulary } from './constrain.ts';

export interface Writer {
  /** Begins a text; a model reads the prompt. */
  begin(prompt: string): void;
  /** The next line, without its newline; `undefined` where the automaton led to no end. */
  write(choice: Choice, random: () => number): Promise<string | undefined>;
}

/** Takes one of a list, each as likely as another. */
export const byChance = (): Writer => ({
  begin() {},
  async write(choice, random) {
    if (!Array.isArray(choice)) throw new Error('only a model writes free lines');
    return choice[Math.floor(random() * choice.length)];
  },
});

export interface ModelWriterOptions {
  readonly tokenizer: Tokenizer;
  readonly source: Pick<LogitSource, 'logits'>;
  /** Tokens that the model sees. */
  readonly context: number;
  readonly temperature: number;
}

const NEWLINE = '\n';
const DECODER = new TextDecoder();

/** The likeliest continuations among those that the automaton takes. */
export function byModel({ tokenizer, source, context, temperature }: ModelWriterOptions): Writer {
  const vocabulary = new Vocabulary(tokenizer);
  let window: number[] = [];
  const push = (id: number): void => {
    if (window.length === context) window = window.slice(Math.ceil(context / 2));
    window.push(id);
  };
  return {
    begin(prompt) {
      window = [tokenizer.bosId, ...tokenizer.encode(`${prompt}${NEWLINE}`)].slice(-context);
    },
    async write(choice, random) {
      const ids: number[] = [];
      let state: State = asTrie(choice);
      while (!state.isEnd) {
        const allowed = vocabulary.allowed(state);
        if (allowed.size === 0) return undefined;
        const candidates = [...allowed.keys()];
        // What must follow needs no model.
        const id = candidates.length === 1 ? candidates[0] : await choose(candidates, random);
        ids.push(id);
        push(id);
        state = allowed.get(id)!;
      }
      return DECODER.decode(tokenizer.decodeBytes(ids)).replace(/\n$/, '');
    },
  };

  async function choose(candidates: readonly number[], random: () => number): Promise<number> {
    const logits = await source.logits(window);
    return candidates[
      draw(
        Float32Array.from(candidates, (id) => logits[id]),
        { temperature },
        random,
      )
    ];
  }
}
