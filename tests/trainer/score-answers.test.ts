/** Short answers compared as Vietnamese asks for; reading sets in their formats. */
import { describe, expect, it } from 'vitest';
import { answerWords, bestMatch, matchOf } from '../../trainer/tasks/answers.ts';
import { readReading } from '../../trainer/tasks/reading.ts';

describe('answers', () => {
  it.each([
    ['một nghìn', '1.000'],
    ['1,000', '1000'],
    ['3,5 triệu đồng', '3.500.000 đồng'],
    ['hai trăm linh năm người', '205 người'],
    ['mười hai triệu ba trăm nghìn', '12300000'],
    ['hai mươi mốt', '21'],
    ['1.234,56', '1,234.56'],
    ['12 %', '12%.'],
    ['Hoà bình', 'hòa bình'],
    ['kỹ sư', 'Kĩ sư'],
    ['Hà Nội', 'ha\u0300 nội'.replace('ha', 'ha')],
    ['ngày 2/9/1945', 'ngày 2/9/1945'],
  ])('%s is %s', (a, b) => expect(matchOf(a, b)).toEqual({ exact: 1, f1: 1 }));

  it.each([
    ['0,123', '123'],
    ['1,5', '15'],
    ['năm 1945', 'năm 1946'],
    ['ba triệu', 'ba tỷ'],
    ['không ai', 'một ai'],
    ['ma', 'má'],
    ['hai ba', '23'],
    ['trăm năm', '105'],
  ])('%s is not %s', (a, b) => expect(matchOf(a, b).exact).toBe(0));

  it('a figure that is missing leaves nothing; words are shared in part', () => {
    expect(matchOf('vào năm 1946', 'năm 1945').f1).toBe(0);
    expect(matchOf('ông Hồ Chí Minh', 'Hồ Chí Minh').f1).toBeCloseTo(6 / 7, 9);
    expect(matchOf('', 'Huế')).toEqual({ exact: 0, f1: 0 });
    expect(bestMatch('Huế', ['Đà Nẵng', 'huế'])).toEqual({ exact: 1, f1: 1 });
    expect(bestMatch('Không biết.', [])).toEqual({ exact: 1, f1: 1 });
    expect(bestMatch('Huế', []).f1).toBe(0);
    expect(answerWords('năm 1945 có hai người')).toEqual(
      ['năm', '1945', 'có', '2', 'ngươì'.normalize('NFC')].map((word) => answerWords(word).at(-1)),
    );
  });
});

describe('reading sets', () => {
  const passage = 'Nguyễn Du viết Truyện Kiều.';
  const asked = { passage, asked: 'Ai viết Truyện Kiều?', answers: ['Nguyễn Du'] };
  it.each([
    [
      'SQuAD',
      {
        data: [
          {
            paragraphs: [
              {
                context: passage,
                qas: [
                  {
                    id: 'q',
                    question: asked.asked,
                    answers: [
                      { text: 'Nguyễn Du', answer_start: 0 },
                      { text: 'Nguyễn Du', answer_start: 0 },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
    [
      'a list',
      [{ id: 'q', context: passage, question: asked.asked, answers: { text: ['Nguyễn Du'], answer_start: [0] } }],
    ],
    [
      'DROP',
      {
        p1: {
          passage,
          qa_pairs: [
            {
              query_id: 'q',
              question: asked.asked,
              answer: { number: '', date: { day: '', month: '', year: '' }, spans: ['Nguyễn Du'] },
            },
          ],
        },
      },
    ],
    ['one line', { id: 'q', context: passage, question: asked.asked, answer: 'Nguyễn Du' }],
  ])('of %s', (_name, json) => expect(readReading(JSON.stringify(json), 'f')).toMatchObject([{ id: 'q', ...asked }]));

  it('knows numbers, dates, several spans and questions without an answer', () => {
    const pair = (answer: object) => ({ question: 'Hỏi?', answer });
    const json = {
      p: {
        passage,
        qa_pairs: [
          pair({ number: '12' }),
          pair({ date: { day: '2', month: '9', year: '1945' } }),
          pair({ spans: ['Huế', 'Vinh'] }),
        ],
      },
    };
    expect(readReading(JSON.stringify(json), 'f').map(({ id, group, answers }) => [id, group, answers])).toEqual([
      ['p-1', 'number', ['12']],
      ['p-2', 'date', ['ngày 2 tháng 9 năm 1945', '2/9/1945']],
      ['p-3', 'spans', ['Huế, Vinh']],
    ]);
    const none = { context: passage, question: 'Ở đâu?', is_impossible: true, answers: [] };
    expect(
      readReading(`${JSON.stringify(none)}\n\n${JSON.stringify(none)}\n`, 'f').map(({ id, group }) => [id, group]),
    ).toEqual([
      ['f, line 1', 'no answer'],
      ['f, line 3', 'no answer'],
    ]);
    expect(() => readReading('{"question": "Ai?"}\n', 'f')).toThrow(/f, line 1: no context/);
    expect(() => readReading('', 'f')).toThrow(/no questions/);
  });
});
