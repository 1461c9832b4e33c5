/** The assistant: what it answers, cites and leaves unanswered; its API with OpenAI's own client. `npm run ask` measures it. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { holding } from '../../crawlers/shell/lock.ts';
import { refusal } from '../../shards/inspector/guard.ts';
import { remove } from '../../shards/removal/remove.ts';
import { openSearch } from '../../shards/search/search.ts';
import { type Answer, Assistant } from '../../trainer/ask/assistant.ts';
import type { Completer } from '../../trainer/ask/complete.ts';
import { articleOf, sentencesOf } from '../../trainer/ask/passages.ts';
import { readQuestion } from '../../trainer/ask/question.ts';
import { serveAsk } from '../../trainer/ask/server.ts';
import { makeTemporaryFolder } from '../folder.ts';
import { night } from '../shards/nights.ts';
import { document, writeFolder } from '../shards/support.ts';
import { temporaryFolder } from '../support.ts';

const LAW = `NGHỊ ĐỊNH\nSỐ 12/2026/NĐ-CP NGÀY 01 THÁNG 02 NĂM 2026\nVỀ BẾN ĐÒ\nCăn cứ Nghị định số 99/2020/NĐ-CP;
Điều 1. Phạm vi điều chỉnh\nNghị định này quy định về bến đò.
Điều 2. Giờ chạy\n1. Đò chạy từ 5 giờ.\n2. Đò nghỉ khi có bão.
Chương II\nĐIỀU KHOẢN THI HÀNH\nĐiều 3. Hiệu lực\nCó hiệu lực từ ngày ký.`;
const TEXTS = [
  [
    'Cầu Vân Phong',
    'Cầu Vân Phong nằm ở xã Lộc Thủy. Cầu dài 1.245 mét, khánh thành năm 1998. Kiến trúc sư Lê Thu Trang thiết kế cầu.',
  ],
  ['Chợ Cái Răng', 'Chợ Cái Răng họp trên sông. Chợ Cái Răng có 120 ghe hàng.'],
  ['Ghe hàng', 'Theo ban quản lý, chợ Cái Răng có 300 ghe hàng.'],
  ['Bến đò', LAW],
];
const dir = makeTemporaryFolder();
let assistant: Assistant;
const write = (texts: readonly string[][]): void => {
  writeFolder(
    dir,
    texts.map(([title, text], n) => document(n, { title, text, url: `https://bao.vua.test/${n}` })),
  );
};
beforeAll(async () => {
  write(TEXTS);
  assistant = await Assistant.open(dir, (path) => openSearch(path));
});
afterAll(() => assistant.close());

const brief = ({ known, short, disagree, citations }: Answer) => ({
  known,
  short,
  disagree,
  ids: citations.map(({ id }) => id),
});

it.each([
  ['Cầu Vân Phong dài bao nhiêu mét?', { known: true, short: '1.245', disagree: false, ids: ['d0'] }],
  ['cau Van Phong dai bao nhieu met', { known: true, short: '1.245', disagree: false, ids: ['d0'] }],
  ['Ai thiết kế cầu Vân Phong?', { known: true, short: 'Lê Thu Trang', disagree: false, ids: ['d0'] }],
  ['Chợ Cái Răng có bao nhiêu ghe hàng?', { known: true, short: '120 / 300', disagree: true, ids: ['d1', 'd2'] }],
  // A name that is nowhere, a fact that is not said, a kind that the sentence lacks, no words at all.
  ['Cầu Vân Đồn dài bao nhiêu mét?', { known: false, short: undefined, disagree: false, ids: [] }],
  ['Cầu Vân Phong rộng bao nhiêu mét?', { known: false, short: undefined, disagree: false, ids: [] }],
  ['Chợ Cái Răng họp từ năm nào?', { known: false, short: undefined, disagree: false, ids: [] }],
  // As people type: shouted, in title case.
  ['CHỢ CÁI RĂNG CÓ BAO NHIÊU GHE HÀNG?', { known: true, short: '300 / 120', disagree: true, ids: ['d2', 'd1'] }],
  ['Chợ Cái Răng Có Bao Nhiêu Ghe Hàng?', { known: true, short: '300 / 120', disagree: true, ids: ['d2', 'd1'] }],
  ['CẦU VÂN PHONG DÀI BAO NHIÊU MÉT?', { known: true, short: '1.245', disagree: false, ids: ['d0'] }],
  ['cầu vân phong rộng bao nhiêu mét', { known: false, short: undefined, disagree: false, ids: [] }],
  ['???', { known: false, short: undefined, disagree: false, ids: [] }],
])('%s', async (question, expected) => expect(brief(await assistant.ask(question))).toEqual(expected));

it('gives articles of laws by number, and quotes word for word', async () => {
  const found = await assistant.ask('Điều 2 Nghị định 12/2026/NĐ-CP quy định gì?');
  expect(found.text).toBe('Điều 2. Giờ chạy\n1. Đò chạy từ 5 giờ.\n2. Đò nghỉ khi có bão. [1]');
  const [{ start, end, quote }] = found.citations;
  expect(LAW.slice(start, end)).toBe(quote);
  for (const question of ['Điều 9 Nghị định 12/2026/NĐ-CP?', 'Điều 1 Nghị định 99/2020/NĐ-CP quy định gì?'])
    expect((await assistant.ask(question)).known, question).toBe(false);
  expect(articleOf(LAW, '3')?.text).toBe('Điều 3. Hiệu lực\nCó hiệu lực từ ngày ký.');
});

it('cuts sentences and reads questions', () => {
  expect(sentencesOf('Một. Hai! "Ba?" bốn\n\n1.245 mét. Năm').map(({ text }) => text)).toEqual([
    'Một.',
    'Hai!',
    '"Ba?" bốn',
    '1.245 mét.',
    'Năm',
  ]);
  expect(readQuestion('Nhà máy Giấy ở đâu?')).toMatchObject({ kind: 'place', runs: [[expect.any(String)]] });
  expect(readQuestion('Hồ Gươm có mấy đền?').kind).toBe('number');
  const long = readQuestion(`${'lúa gạo '.repeat(20_000)} Hồ Gươm ở đâu?`);
  expect([long.kind, long.pairs.length < 100, long.runs.at(-1)?.length]).toEqual(['place', true, 2]);
});

it('does not cite what was taken down, by who asked before, who asks anew, and who asks over HTTP', async () => {
  const out = temporaryFolder();
  const rows = join(temporaryFolder('file'), 'rows.jsonl');
  const line = ([title, text]: readonly string[], n: number): string =>
    JSON.stringify({ id: `d${n}`, url: `https://bao.vua.test/${n}`, title, text });
  writeFileSync(rows, TEXTS.map(line).join('\n'));
  await night(out, [rows]);
  const before = await Assistant.open(out, (path) => openSearch(path));
  const server = await serveAsk({ host: '127.0.0.1', port: 0, guard: refusal, assistant: before });
  try {
    const client = new OpenAI({ baseURL: server.address, apiKey: 'none', maxRetries: 0 });
    const [gone, kept] = ['Cầu Vân Phong dài bao nhiêu mét?', 'Điều 2 Nghị định 12/2026/NĐ-CP quy định gì?'];
    const told = async (): Promise<string> => {
      const messages = [{ role: 'user' as const, content: gone }];
      return (await client.chat.completions.create({ model: 'vua-ask', messages })).choices[0].message.content!;
    };
    expect([(await before.ask(gone)).citations[0].url, await told()]).toEqual([
      'https://bao.vua.test/0',
      expect.stringContaining('1.245 mét'),
    ]);
    await holding(out, [], () => remove(out, ['https://bao.vua.test/0'], 'asked for'));
    const after = await Assistant.open(out, (path) => openSearch(path));
    for (const each of [before, after]) {
      expect([(await each.ask(gone)).known, (await each.ask(kept)).known]).toEqual([false, true]);
    }
    after.close();
    expect(await told()).toMatch(/^Không biết/);
  } finally {
    await server.close();
    before.close();
  }
});

it('goes on with a text for clients that leave things out as null, and says what it does not know', async () => {
  const completer: Completer = {
    count: (text) => text.length,
    async *complete(prompt, { count }) {
      yield { text: ` ${prompt}`, tokens: 1 };
      yield { text: '!', tokens: 2, finish: count > 2 ? 'stop' : 'length' };
    },
    release() {},
  };
  const server = await serveAsk({ host: '127.0.0.1', port: 0, guard: refusal, assistant, completer });
  try {
    const client = new OpenAI({ baseURL: server.address, apiKey: 'none', maxRetries: 0 });
    const asked = { model: 'vua', prompt: 'Hà', max_tokens: null, temperature: null, stop: null, n: 1 };
    const whole = await client.completions.create(asked);
    expect([whole.choices[0].text, whole.choices[0].finish_reason, whole.usage?.total_tokens]).toEqual([
      ' Hà!',
      'stop',
      4,
    ]);
    let streamed = '';
    for await (const part of await client.completions.create({ ...asked, max_tokens: 2, stream: true }))
      streamed += part.choices[0].text + (part.choices[0].finish_reason ?? '');
    expect(streamed).toBe(' Hà!length');
    for (const more of [
      { n: 2 },
      { max_tokens: 0 },
      { max_tokens: 1.5 },
      { temperature: -1 },
      { logprobs: 2 },
      { echo: true },
    ])
      await expect(client.completions.create({ ...asked, ...more })).rejects.toMatchObject({ status: 400 });
    await expect(client.completions.create({ ...asked, model: 'gpt-9' })).rejects.toMatchObject({ status: 404 });
    for (const [stop, text, finish] of [
      ['à', ' H', 'stop'],
      ['à!', ' H', 'stop'],
      ['à?', ' Hà!', 'stop'],
      [[], ' Hà!', 'stop'],
    ] as const) {
      const { choices } = await client.completions.create({ ...asked, stop: stop as string });
      expect([choices[0].text, choices[0].finish_reason], String(stop)).toEqual([text, finish]);
    }
  } finally {
    await server.close();
  }
});

it("answers OpenAI's client, whole and streamed, and nobody from elsewhere", async () => {
  const server = await serveAsk({ host: '127.0.0.1', port: 0, guard: refusal, assistant });
  try {
    const client = new OpenAI({ baseURL: server.address, apiKey: 'none', maxRetries: 0 });
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['vua-ask']);
    const messages = [{ role: 'user' as const, content: 'Cầu Vân Phong dài bao nhiêu mét?' }];
    const whole = await client.chat.completions.create({ model: 'vua-ask', messages });
    const { message, finish_reason: finish } = whole.choices[0];
    expect([message.role, finish, whole.object]).toEqual(['assistant', 'stop', 'chat.completion']);
    expect(message.content).toContain('Cầu dài 1.245 mét, khánh thành năm 1998. [1]');
    expect(whole.usage?.total_tokens).toBe(whole.usage!.prompt_tokens + whole.usage!.completion_tokens);
    let streamed = '';
    for await (const part of await client.chat.completions.create({ model: 'vua-ask', messages, stream: true }))
      streamed += part.choices[0]?.delta.content ?? '';
    expect(streamed).toBe(message.content);
    const cut = async (more: object) => {
      const { choices } = await client.chat.completions.create({ model: 'vua-ask', messages, ...more });
      return [choices[0].message.content, choices[0].finish_reason];
    };
    expect(await cut({ max_tokens: 2 })).toEqual(['Cầu dài', 'length']);
    expect(await cut({ stop: [' mét', 'khánh'] })).toEqual(['Cầu dài 1.245', 'stop']);
    expect(await cut({ n: null, stop: null, tool_choice: 'auto' })).toEqual([message.content, 'stop']);
    for (const more of [{ n: 2 }, { max_tokens: 0 }, { stream: 'yes' }, { response_format: { type: 'json_object' } }])
      await expect(cut(more), JSON.stringify(more)).rejects.toMatchObject({ status: 400 });
    expect((await client.models.retrieve('vua-ask')).id).toBe('vua-ask');
    await expect(client.models.retrieve('gpt-9')).rejects.toMatchObject({ status: 404 });
    await expect(client.chat.completions.create({ model: 'gpt-9', messages })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await expect(client.chat.completions.create({ model: 'vua-ask', messages: [] })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
    });
    for (const messages of ['x', [{ role: 'user', content: null }], [null]])
      await expect(client.post('/chat/completions', { body: { messages } })).rejects.toMatchObject({ status: 400 });
    await expect(client.completions.create({ model: 'vua', prompt: 'Hà' })).rejects.toMatchObject({ status: 404 });
    const asked = async (headers: Record<string, string>): Promise<number | undefined> =>
      await new Promise((resolve, reject) => {
        const sent = request(`${server.address}/models`, { headers }, (answer) => resolve(answer.resume().statusCode));
        sent.on('error', reject).end();
      });
    expect(await asked({ host: 'evil.test' })).toBe(403);
    expect(await asked({ origin: 'https://evil.test' })).toBe(403);
    expect(await asked({})).toBe(200);
  } finally {
    await server.close();
  }
  const locked = await serveAsk({ host: '127.0.0.1', port: 0, token: 'mat-khau-dai', guard: refusal, assistant });
  try {
    const models = (apiKey: string) => new OpenAI({ baseURL: locked.address, apiKey, maxRetries: 0 }).models.list();
    await expect(models('sai-sai-sai')).rejects.toMatchObject({ status: 401 });
    expect((await models('mat-khau-dai')).data).toHaveLength(1);
  } finally {
    await locked.close();
  }
});
