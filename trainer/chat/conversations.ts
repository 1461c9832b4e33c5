/** Conversations to learn from: JSON lines of messages, with where they come from and under which licence. */
import { readFileSync } from 'node:fs';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { utf8Of } from '../../crawlers/shell/folder.ts';

export const ROLES = ['system', 'user', 'assistant'] as const;
export type Role = (typeof ROLES)[number];

export interface Message {
  readonly role: Role;
  readonly content: string;
}

/** Written in Vietnamese by people; translated; made by a program. */
export const ORIGINS = ['native', 'translated', 'synthetic'] as const;
export type Origin = (typeof ORIGINS)[number];

export interface Conversation {
  /** At most one `system`, first; then user and assistant in turn; the assistant has the last word. */
  readonly messages: readonly Message[];
  readonly origin: Origin;
  /** As SPDX names it, where it is known. */
  readonly licence?: string;
}

const FORMAT =
  'a line for each: {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}], "origin": "native", "licence": "…"}';

/** @throws ToolkitError BAD_ITEMS (exit 2) naming file and line */
export function readConversations(files: readonly string[]): Conversation[] {
  const all = files.flatMap((file) => {
    let text: string;
    try {
      text = utf8Of(readFileSync(file));
    } catch (error) {
      throw badInput('BAD_ITEMS', `${file}: ${reasonOf(error)}`, FORMAT, error);
    }
    return text
      .split('\n')
      .flatMap((line, i) => (line.trim() === '' ? [] : [conversationOf(line, `${file}, line ${i + 1}`)]));
  });
  if (all.length === 0) throw badInput('BAD_ITEMS', `${files.join(', ')}: no conversations`, FORMAT);
  return all;
}

function conversationOf(line: string, where: string): Conversation {
  const fail = (reason: string): never => {
    throw badInput('BAD_ITEMS', `${where}: ${reason}`, FORMAT);
  };
  let value: Record<string, unknown> = {};
  try {
    value = JSON.parse(line);
  } catch (error) {
    fail(reasonOf(error));
  }
  const { messages, origin = 'native', licence } = value ?? {};
  if (!Array.isArray(messages) || messages.length === 0) fail('no messages');
  const read = (messages as Record<string, unknown>[]).map((message, i): Message => {
    const { role, content } = message ?? {};
    const name = `message ${i + 1}`;
    if (!ROLES.includes(role as Role)) fail(`${name}: role ${JSON.stringify(role)}, expected ${ROLES.join(', ')}`);
    if (typeof content !== 'string') fail(`${name}: content is ${typeof content}, expected text`);
    return { role: role as Role, content: content as string };
  });
  const turns = read.filter(({ role }) => role !== 'system');
  if (read.some(({ role }, i) => role === 'system' && i > 0)) fail('a system message that is not the first');
  for (const [i, { role }] of turns.entries()) {
    const expected = i % 2 === 0 ? 'user' : 'assistant';
    if (role !== expected)
      fail(`message ${i + 1 + read.length - turns.length} is of ${role}, expected ${expected}: they take turns`);
  }
  if (turns.length < 2 || turns.length % 2 === 1) fail('the last message is not of the assistant');
  if (!ORIGINS.includes(origin as Origin)) fail(`origin ${JSON.stringify(origin)}, expected ${ORIGINS.join(', ')}`);
  return { messages: read, origin: origin as Origin, ...(typeof licence === 'string' && { licence }) };
}
