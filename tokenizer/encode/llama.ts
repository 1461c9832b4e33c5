/** A byte-level BPE as llama.cpp keeps it (tokens, their types, merges, the name of a split rule) → tokenizer.json. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { SPLIT_RULES } from '../text/split.ts';
import { BPE_OPTIONS, pipelineOf } from './export.ts';

export interface LlamaTokens {
  readonly tokens: readonly string[];
  /** 1 normal, 3 control, 4 cut out of a text before all else, 5 unused. */
  readonly types: readonly number[];
  readonly merges: readonly string[];
  /** llama.cpp's name of its split rule. */
  readonly pre: string;
}

const [NORMAL, UNUSED] = [1, 5];

/** @throws ToolkitError BAD_TOKENIZER (exit 2) naming a split rule that is not known here */
export function jsonOfLlama({ tokens, types, merges, pre }: LlamaTokens, name: string): string {
  const split = SPLIT_RULES.find((rule) => rule.pre === pre);
  if (split === undefined)
    throw badInput(
      'BAD_TOKENIZER',
      `${name}: tokenizer.ggml.pre is ${JSON.stringify(pre)}, expected one of ${SPLIT_RULES.flatMap((rule) => rule.pre ?? []).join(', ')}`,
      'give the folder of transformers that it was made of',
    );
  const typed = tokens.map((content, id) => ({ id, content, type: types[id] ?? NORMAL }));
  const added = typed.filter(({ type }) => type !== NORMAL && type !== UNUSED);
  const facts = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return JSON.stringify({
    version: '1.0',
    added_tokens: added.map(({ id, content }) => ({ id, content, special: true, ...facts })),
    ...pipelineOf(split),
    model: {
      ...BPE_OPTIONS,
      vocab: Object.fromEntries(typed.filter(({ type }) => type === NORMAL).map(({ id, content }) => [content, id])),
      merges,
    },
  });
}
