/** The chat template, rendered by transformers. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIG_FILE, TOKENIZER_FILE, tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { temporaryFolder } from '../support.ts';
import { sampleTexts, train } from './support.ts';

const dir = temporaryFolder('file');

const ASK = `
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
messages = json.loads(sys.argv[2])
ask = lambda **more: tokenizer.apply_chat_template(messages, tokenize=False, **more)
ids = tokenizer(ask(add_generation_prompt=True), add_special_tokens=False)["input_ids"]
answer = {"all": ask(), "prompt": ask(add_generation_prompt=True), "ids": ids}
try:
    tokenizer.apply_chat_template([{"role": "tool", "content": ""}], tokenize=False)
except Exception as error:
    answer["refused"] = str(error)
print(json.dumps(answer))
`;

it('transformers renders a chat by the roles, and each mark is one token', async ({ skip }) => {
  const python = process.env.VUA_PYTHON;
  try {
    execFileSync(python ?? 'python3', ['-c', 'import transformers, jinja2'], { stdio: 'ignore' });
  } catch {
    skip('set VUA_PYTHON to a Python with transformers and jinja2');
  }
  const model = await train(sampleTexts(), { vocabSize: 600 });
  writeFileSync(join(dir, TOKENIZER_FILE), tokenizerJson(model));
  writeFileSync(join(dir, CONFIG_FILE), tokenizerConfigJson());
  const messages = [
    { role: 'system', content: 'Trả lời ngắn.' },
    { role: 'user', content: 'Thủ đô của Việt Nam?\n' },
  ];
  const asked = execFileSync(python ?? 'python3', ['-c', ASK, dir, JSON.stringify(messages)], { stdio: 'pipe' });
  const answer = JSON.parse(asked.toString().trim().split('\n').at(-1)!);
  const chat = '<|bos|><|system|>Trả lời ngắn.<|end|><|user|>Thủ đô của Việt Nam?\n<|end|>';
  expect(answer).toMatchObject({ all: chat, prompt: `${chat}<|assistant|>`, refused: expect.stringContaining('tool') });
  const tokenizer = await Tokenizer.load(dir);
  const special = (name: string): number => tokenizer.specialId(`<|${name}|>`);
  expect(answer.ids).toEqual([
    special('bos'),
    ...messages.flatMap(({ role, content }) => [special(role), ...tokenizer.encode(content), special('end')]),
    special('assistant'),
  ]);
});
