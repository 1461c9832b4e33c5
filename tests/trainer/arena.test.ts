/** The quiz: seals, points, what a transcript proves; a checkpoint and a server on this machine play. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { play } from '../../trainer/arena/play.ts';
import { letterIn, openPlayer, type Player } from '../../trainer/arena/players.ts';
import { boardOf, faultsOf, pointsFor, seal, sealOf, type Transcript } from '../../trainer/arena/sealed.ts';

const QUESTIONS = ['A', 'C', 'B'].map((answer, n) => ({
  ...{ id: `01-000${n}`, question: `Câu ${n}?`, choices: ['A. một', 'B. hai', 'C. ba'], answer },
}));
const always = (name: string, letter: string): Player => ({ name, answer: async () => letter, close() {} });
let server: Server;
let address: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/v1/models') return void response.end('{"data":[{"id":"m"}]}');
    let body = '';
    request
      .on('data', (part) => (body += part))
      .on('end', () => {
        const [{ content }] = JSON.parse(body).messages;
        if (content.includes('Câu 1?')) return; // never answers
        if (content.includes('huge')) return void response.end(' '.repeat(2 ** 21));
        if (content.includes('null')) return void response.end('null');
        if (content.includes('page')) return void response.writeHead(502).end('<html>');
        response.end(
          JSON.stringify({ choices: [{ message: { content: `Đáp án: ${content.includes('Câu 2?') ? 'B' : 'x'}` } }] }),
        );
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('gives points by the rule', () => {
  expect([0, 10, 30].map((t) => pointsFor(true, t, 30))).toEqual([1000, 833, 500]);
  expect([pointsFor(false, 0, 30), pointsFor(true, 30.001, 30)]).toEqual([0, 0]);
  expect(
    ['B', 'B. hai', '**C**', 'Đáp án: A', 'Tôi chọn (C).', 'Anh', 'không rõ', 'A và B đều sai. Đáp án đúng là C.'].map(
      (text) => letterIn(text),
    ),
  ).toEqual(['B', 'B', 'C', 'A', 'C', '', '', 'C']);
});

it('is played by players of both kinds, and every change of its transcript is seen', async () => {
  const sealed = seal(QUESTIONS);
  const published = sealOf(sealed);
  const players = [always('a', 'A'), always('c', 'C'), await openPlayer(`server=${address}`, 'auto')];
  const transcript = await play({ sealed, players, limit: 2, signal: new AbortController().signal });
  expect(faultsOf(transcript, published)).toEqual([]);
  expect(boardOf(transcript).map(({ right }) => right)).toEqual([1, 1, 1]);
  const ofServer = transcript.rounds.map(({ tries }) => tries.find(({ player }) => player === 'server')!);
  expect(ofServer.map(({ fault }) => fault)).toEqual(['no letter in what it said', 'no answer in time', undefined]);
  const altered = (change: (copy: Transcript) => void): string[] => {
    const copy = structuredClone(transcript);
    change(copy);
    return faultsOf(copy, published);
  };
  type Writable = { -readonly [K in keyof Transcript['opened']['questions'][number]]: string };
  expect(
    altered((copy) => Object.assign(copy.opened.questions[0] as unknown as Writable, { answer: 'B' })).join(),
  ).toMatch(/questions have hash .*counts as right/);
  expect(altered((copy) => Object.assign(copy.rounds[1].tries[0], { seconds: 0.25 })).join()).toContain(
    'round 2: was altered',
  );
  expect(altered((copy) => Object.assign(copy.rounds[2].tries[0], { points: 5000 })).join()).toContain(
    '5000 points, due are',
  );
  expect(altered((copy) => Object.assign(copy, { rounds: copy.rounds.slice(1) })).join()).toContain(
    'round 1 asks 01-0001',
  );
  expect(altered((copy) => Object.assign(copy, { players: ['a', 'c'] })).join()).toContain('players are a, c');
  expect(faultsOf(transcript, 'f'.repeat(64)).join()).toContain('published ffff');
});

it('says what came instead of an answer, and lets nobody play who is not there', async () => {
  const player = await openPlayer(`server=${address}#m`, 'auto');
  const said = async (prompt: string): Promise<unknown> =>
    await player.answer(prompt, ['A'], AbortSignal.timeout(5000)).catch((error: Error) => error.message);
  expect([await said('huge'), await said('null'), await said('page')]).toEqual([
    'more than 1048576 bytes',
    'no JSON object in its answer',
    'status 502',
  ]);
  for (const place of ['http://example.com/v1', 'http://127.0.0.1.example.com/v1', 'http://127.example.com/v1'])
    await expect(openPlayer(`x=${place}`, 'auto'), place).rejects.toThrow('an address of this machine');
  await expect(openPlayer('x=http://127.0.0.1:9/v1', 'auto')).rejects.toThrow(/bad port|ECONNREFUSED/);
});
