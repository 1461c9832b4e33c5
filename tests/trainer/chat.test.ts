/** Conversations: as text and tokens, masked and packed, made from documents, and learnt. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shards/checksum.ts';
import { CONFIG_FILE, TOKENIZER_FILE, tokenizerConfigJson, tokenizerJson } from '../../tokenizer/encode/export.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { type Conversation, type Message, readConversations } from '../../trainer/chat/conversations.ts';
import { extractFrom } from '../../trainer/chat/extract.ts';
import { batchOf, fitted, rowsOf } from '../../trainer/chat/rows.ts';
import { synthesize } from '../../trainer/chat/synthetic.ts';
import { encodeChat, renderChat } from '../../trainer/chat/template.ts';
import { IGNORED } from '../../trainer/kernels/cross-entropy.ts';
import { type InstructOptions, instruct } from '../../trainer/run/instruct.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sampleTexts, train } from '../tokenizer/support.ts';
import { lendGpu } from './device.ts';
import { randomCheckpoint } from './support.ts';

const dir = temporaryFolder('file');
let tokenizer: Tokenizer;
beforeAll(async () => {
  writeFileSync(join(dir, TOKENIZER_FILE), tokenizerJson(await train(sampleTexts(), { vocabSize: 500 })));
  writeFileSync(join(dir, CONFIG_FILE), tokenizerConfigJson());
  tokenizer = await Tokenizer.load(dir);
});

/** Of every form: with and without a system message, several turns, line ends, marks of roles as text, empty answers. */
function conversations(count: number): Message[][] {
  const random = seededRandom(5);
  const pieces = [
    'Xin chào',
    'Thủ đô của Việt Nam?\n',
    ' Hà Nội ',
    '',
    'đẹp “lắm” & <b>',
    '<|end|>',
    "l'eau {{ x }}",
    '1 + 1 = 2',
    '\n\n— Vâng ạ.',
  ];
  const text = (): string =>
    range(1 + Math.floor(random() * 3))
      .map(() => pieces[Math.floor(random() * pieces.length)])
      .join(' ');
  return range(count).map(() => [
    ...(random() < 0.3 ? [{ role: 'system', content: text() } as const] : []),
    ...range(1 + Math.floor(random() * 3)).flatMap(() => [
      { role: 'user', content: text() } as const,
      { role: 'assistant', content: text() } as const,
    ]),
  ]);
}

const ASK = `
import json, sys
import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
def refuse(message): raise jinja2.exceptions.TemplateError(message)
environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
environment.globals["raise_exception"] = refuse
template = environment.from_string(json.load(open(sys.argv[1]))["chat_template"])
print(json.dumps([template.render(messages=one, bos_token="<|bos|>", add_generation_prompt=i % 2 == 1) for i, one in enumerate(json.load(open(sys.argv[2])))]))
`;

describe('a conversation', () => {
  it('is the text that Jinja makes of the template, 500 times', ({ skip }) => {
    const python = process.env.VUA_PYTHON ?? 'python3';
    try {
      execFileSync(python, ['-c', 'import jinja2'], { stdio: 'ignore' });
    } catch {
      skip('set VUA_PYTHON to a Python with jinja2');
    }
    const all = conversations(500);
    writeFileSync(join(dir, 'all.json'), JSON.stringify(all));
    const rendered = JSON.parse(
      execFileSync(python, ['-c', ASK, join(dir, CONFIG_FILE), join(dir, 'all.json')], { maxBuffer: 1e8 }).toString(),
    );
    expect(rendered).toEqual(all.map((messages, i) => renderChat(messages, undefined, i % 2 === 1)));
  });

  it('has marks as special tokens, names of marks as text, and answers alone as targets, token by token', () => {
    const id = (name: string): number => tokenizer.specialId(`<|${name}|>`);
    const messages: Message[] = [
      { role: 'system', content: 'Ngắn.' },
      { role: 'user', content: 'Chào <|end|>' },
      { role: 'assistant', content: 'Vâng ạ' },
      { role: 'user', content: 'Hỏi' },
      { role: 'assistant', content: '' },
    ];
    const { tokens, isAnswer } = encodeChat(messages, tokenizer);
    const parts: [readonly number[], boolean][] = [
      [[id('bos'), id('system'), ...tokenizer.encode('Ngắn.'), id('end')], false],
      [[id('user'), ...tokenizer.encode('Chào <|end|>'), id('end')], false],
      [[id('assistant')], false],
      [[...tokenizer.encode('Vâng ạ'), id('end')], true],
      [[id('user'), ...tokenizer.encode('Hỏi'), id('end')], false],
      [[id('assistant')], false],
      [[id('end')], true],
    ];
    expect(tokens).toEqual(parts.flatMap(([ids]) => ids));
    expect(isAnswer).toEqual(parts.flatMap(([ids, own]) => ids.map(() => own)));
    for (const some of conversations(50))
      expect(tokenizer.decode(encodeChat(some, tokenizer).tokens)).toBe(renderChat(some).normalize('NFC'));
  });

  it('is packed whole, sees itself alone, and is a target once', () => {
    const T = 64;
    const chats = conversations(60)
      .map((one) => fitted(encodeChat(one, tokenizer), T))
      .filter((one) => one !== undefined);
    const rows = rowsOf(chats, T, 1, 0);
    expect(rows.flat().sort((a, b) => a - b)).toEqual(chats.map((_, i) => i));
    expect(rowsOf(chats, T, 1, 0)).toEqual(rows);
    expect(rowsOf(chats, T, 1, 1)).not.toEqual(rows);
    const { tokens, targets, documentStarts, counted } = batchOf(chats, rows, rows.length, T, tokenizer.padId);
    let expected = 0;
    for (const [r, row] of rows.entries()) {
      let at = r * T;
      for (const index of row) {
        const { tokens: own, isAnswer } = chats[index];
        const end = at + own.length - 1;
        expect(Array.from(tokens.subarray(at, end))).toEqual(own.slice(0, -1));
        expect(new Set(documentStarts.subarray(at, end))).toEqual(new Set([at - r * T]));
        const wanted = own.slice(1).map((token, i) => (isAnswer[i + 1] ? token : IGNORED));
        expect(Array.from(targets.subarray(at, end))).toEqual(wanted);
        expected += isAnswer.slice(1).filter(Boolean).length;
        at = end;
      }
      for (; at < (r + 1) * T; at++)
        expect([tokens[at], targets[at], documentStarts[at]]).toEqual([tokenizer.padId, IGNORED, at - r * T]);
    }
    expect(counted).toBe(expected);
    expect(rows.length * T).toBeLessThan(1.2 * chats.reduce((sum, chat) => sum + chat.tokens.length, 0));
  });

  it('loses its end behind an answer that fits, and is left out where none does', () => {
    const chat = encodeChat(
      conversations(1)[0]
        .concat(conversations(2)[1])
        .filter(({ role }) => role !== 'system'),
      tokenizer,
    );
    const cut = fitted(chat, chat.tokens.length - 2)!;
    expect(cut.tokens.length).toBeLessThan(chat.tokens.length);
    expect(cut.isAnswer.at(-1)).toBe(true);
    expect(fitted(chat, 3)).toBeUndefined();
    expect(fitted(chat, chat.tokens.length - 1)).toBe(chat);
  });
});

it('says what is wrong with a line', () => {
  const file = join(dir, 'wrong.jsonl');
  const [user, assistant] = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ];
  for (const [value, message] of [
    [{ messages: [] }, /line 1: no messages/],
    [{ messages: [user] }, /the last message is not of the assistant/],
    [{ messages: [user, user] }, /message 2 is of user, expected assistant/],
    [{ messages: [user, { role: 'system', content: '' }, assistant] }, /a system message that is not the first/],
    [{ messages: [user, { role: 'bot', content: 'b' }] }, /message 2: role "bot"/],
    [{ messages: [user, { role: 'assistant', content: 3 }] }, /message 2: content is number/],
    [{ messages: [user, assistant], origin: 'web' }, /origin "web", expected native, translated, synthetic/],
  ] as const) {
    writeFileSync(file, `${JSON.stringify(value)}\n`);
    expect(() => readConversations([file])).toThrow(message);
  }
});

const TEXT = `Hồ Gươm là một hồ nước ngọt ở trung tâm Hà Nội. Hồ rộng và rất sâu. Quanh hồ có nhiều cây cổ thụ.
Huế nằm ở miền Trung của Việt Nam. Thành phố có nhiều lăng tẩm cổ kính.
Năm 1802, Gia Long lên ngôi ở kinh thành Huế. Triều đình mới được lập.
Điều 12. Quyền của người học nghề
Phạt tiền từ 500.000 đồng đến 1.000.000 đồng đối với hành vi xả rác ra đường phố.
— Hắn là ai? Tôi không biết.`;

describe('what makes itself', () => {
  it.each([
    [
      'Nguyễn Du là nhà thơ lớn của dân tộc Việt Nam.',
      'Nguyễn Du là ai?',
      'Nguyễn Du là nhà thơ lớn của dân tộc Việt Nam',
    ],
    ['Hồ Gươm là một hồ nước ngọt ở Hà Nội.', 'Hồ Gươm là gì?', 'Hồ Gươm là một hồ nước ngọt ở Hà Nội'],
    ['Huế nằm ở miền Trung của Việt Nam.', 'Huế nằm ở đâu?', 'Huế nằm ở miền Trung của Việt Nam'],
    ['Năm 1802, Gia Long lên ngôi ở Huế.', 'Gia Long lên ngôi ở Huế vào khi nào?', 'Năm 1802'],
    ['Điều 12. Quyền của người học nghề', 'Điều 12 quy định về điều gì?', 'Quyền của người học nghề'],
  ])('%s', (sentence, question, answer) => expect(extractFrom(sentence)).toMatchObject([{ question, answer }]));

  it.each([
    'Nó là một con mèo đen rất to.',
    'Cũng là chuyện của mọi người thôi mà.',
    'Ông ấy sinh năm 1950.',
    'Đây là nhà của một người bạn.',
  ])('%s: nothing to ask', (sentence) => expect(extractFrom(sentence)).toEqual([]));

  it('answers with words of the passage, says where it does not know, and that it is synthetic', async () => {
    const texts = range(40).map((i) => ({
      text: TEXT.replaceAll('Hồ Gươm', `Hồ Gươm ${i}`).replaceAll('Điều 12', `Điều ${i}`),
      licence: 'CC0-1.0',
    }));
    const all = [];
    for await (const one of synthesize(texts, { seed: 1, most: 500 })) all.push(one);
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['answer', 'unknown', 'refused', 'card']));
    for (const { messages, kind, origin } of all) {
      expect(origin).toBe('synthetic');
      const [{ content: asked }, { content: answer }] = messages;
      if (kind === 'answer') expect(asked).toContain(answer.replace(/\.$/, ''));
      if (kind === 'unknown') expect(answer).toMatch(/[Kk]hông/);
      if (kind === 'card') expect(answer).not.toMatch(/SELF|OTHER/);
    }
    const again = [];
    for await (const one of synthesize(texts, { seed: 1, most: 500 })) again.push(one);
    expect(again).toEqual(all);
  });
});

it('learns to answer: stopped, it goes on, and held-out answers get likelier', async ({ onTestFinished }) => {
  onTestFinished(await lendGpu());
  const [root, file] = [temporaryFolder('file'), join(dir, 'c.jsonl')];
  const { dir: initFrom } = await randomCheckpoint(join(root, 'model'), dir, tokenizer.vocabSize, { context: 32 });
  const all = range(40).map(
    (i): Conversation => ({
      messages: [
        { role: 'user', content: `Số ${i}?` },
        { role: 'assistant', content: `Là ${i}.` },
      ],
      origin: 'synthetic',
    }),
  );
  writeFileSync(file, all.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const out = join(root, 'out');
  const options: InstructOptions = {
    ...{ conversations: [file], initFrom, epochs: 3, batch: 4, learningRate: 0.003, context: 0, validShare: 0.2 },
    ...{ evaluations: 1, patience: 3, seed: 1, adapter: 'embedded', out },
  };
  const stop = new AbortController();
  const { report: quiet } = context();
  const stage: typeof quiet.stage = () => ({ update: (done) => done === 2 && stop.abort(), finish() {} });
  const half = await instruct(options, { signal: stop.signal, report: { ...quiet, stage } });
  expect([half.outcome, half.report.step]).toEqual(['interrupted', 2]);
  await expect(instruct(options, context())).rejects.toThrow(/holds .*step-000002/);
  const { outcome, report } = await instruct({ ...options, resume: true }, context());
  expect(outcome).toBe('written');
  expect(report).toMatchObject({ conversations: 40, left: 0, origins: { synthetic: 40 }, before: half.report.before });
  expect(report.best.natsPerToken).toBeLessThan(0.9 * report.before.natsPerToken);
  expect(existsSync(join(out, 'instruct.json'))).toBe(true);
}, 240_000);
