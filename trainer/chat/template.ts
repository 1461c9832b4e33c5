/**
 * A conversation as text and as tokens, as the Jinja template in tokenizer_config.json has it. In tokens the marks of roles
 * are special tokens, and their names within a message are text.
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { Message, Role } from './conversations.ts';

/** What stands around a message: special tokens by name, and text. */
interface Template {
  readonly name: 'vua' | 'chatml';
  /** Special token before all, or nothing. */
  readonly begin: string;
  /** Special token that opens a message, and text behind it. */
  open(role: Role): readonly [mark: string, text: string];
  /** Special token that ends a message, which the model learns to write, and text behind it. */
  readonly close: readonly [mark: string, text: string];
}

/** `<|user|>…<|end|>`: of tokenizers made here (tokenizer/encode/export.ts). */
const OWN: Template = {
  name: 'vua',
  begin: '<|bos|>',
  open: (role) => [`<|${role}|>`, ''],
  close: ['<|end|>', ''],
};

/** `<|im_start|>user\n…<|im_end|>\n`: of Qwen and others. */
const CHATML: Template = {
  name: 'chatml',
  begin: '',
  open: (role) => ['<|im_start|>', `${role}\n`],
  close: ['<|im_end|>', '\n'],
};

type Encoder = Pick<Tokenizer, 'encode' | 'specialId' | 'byteLengths'>;

/** @throws ToolkitError BAD_TOKENIZER when the tokenizer has marks of neither kind */
export function templateFor(tokenizer: Encoder): Template {
  const found = [OWN, CHATML].find(({ close: [mark] }) => has(tokenizer, mark));
  if (found) return found;
  throw badInput(
    'BAD_TOKENIZER',
    `no special token ${OWN.close[0]} or ${CHATML.close[0]}`,
    'a model learns to answer with a tokenizer that marks who speaks: one made by `vua tokenizer train`, or of Qwen',
  );
}

const has = (tokenizer: Encoder, name: string): boolean => {
  try {
    tokenizer.specialId(name);
    return true;
  } catch {
    return false;
  }
};

/** `asks`: up to where the assistant begins to answer. */
export function renderChat(messages: readonly Message[], { begin, open, close }: Template = OWN, asks = false): string {
  const said = messages.map(({ role, content }) => [...open(role), content, ...close].join(''));
  return [begin, ...said, ...(asks ? open('assistant') : [])].join('');
}

export interface ChatTokens {
  readonly tokens: readonly number[];
  /** Of each token, whether the assistant says it: its words and the mark that ends them. */
  readonly isAnswer: readonly boolean[];
}

/** @throws ToolkitError BAD_TOKENIZER as `templateFor` */
export function encodeChat(messages: readonly Message[], tokenizer: Encoder, asks = false): ChatTokens {
  const { begin, open, close } = templateFor(tokenizer);
  const tokens: number[] = [];
  const isAnswer: boolean[] = [];
  const mark = (name: string, answer = false): void => {
    tokens.push(tokenizer.specialId(name));
    isAnswer.push(answer);
  };
  /** Text between two marks is cut into tokens as one; those behind its first bytes may be the assistant's. */
  const text = (before: string, content = '', answer = false): void => {
    let bytes = Buffer.byteLength(before);
    for (const id of tokenizer.encode(before + content)) {
      tokens.push(id);
      isAnswer.push(answer && bytes <= 0);
      bytes -= tokenizer.byteLengths[id];
    }
  };
  if (begin !== '') mark(begin);
  for (const { role, content } of messages) {
    const own = role === 'assistant';
    mark(open(role)[0]);
    text(open(role)[1], content, own);
    mark(close[0], own);
    text(close[1]);
  }
  if (asks) {
    mark(open('assistant')[0]);
    text(open('assistant')[1]);
  }
  return { tokens, isAnswer };
}
