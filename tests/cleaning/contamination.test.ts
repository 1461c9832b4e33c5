/** Documents that hold items of a benchmark are found, written in other letters as well. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contaminationOf, readContaminationIndex } from '../../cleaning/benchmarks/contamination.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { temporaryFolder } from '../support.ts';

const dir = temporaryFolder('file');
const file = (name: string, lines: readonly unknown[]): string => {
  const path = join(dir, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
};

const LONG = 'Vì sao người dân ở vùng cửa sông thường đắp bờ bao quanh ruộng trước khi mùa nước mặn đến?';
const ITEMS = [
  {
    id: '01-0001',
    question: LONG,
    choices: ['A. Để giữ nước ngọt', 'B. Để nuôi cá', 'C. Để làm đường', 'D. Để chắn gió'],
  },
  { id: '01-0002', question: 'Thủ phủ của tỉnh là đâu?', choices: ['A. Xóm Mới', 'B. Xóm Cũ'] },
  { id: '01-0003', question: 'Số nào chẵn?', choices: ['A. 1', 'B. 2'] },
  { id: '01-0004', question: '2 + 2?', choices: [] },
  {
    id: '01-0005',
    question: 'Buổi chiều trong làng mọi người làm gì với nhau?',
    choices: ['A. Phơi thóc ngoài đồng', 'B. Kéo lưới đánh cá', 'C. Hát chèo ở sân đình'],
  },
  {
    id: '01-0006',
    question: 'Câu nào dưới đây nói không đúng về làng?',
    choices: ['A. Nhà nào cũng có ao cá', 'B. Chợ họp mỗi tháng sáu phiên'],
  },
  {
    id: '01-0007',
    question: 'Câu nào dưới đây nói không đúng về làng?',
    choices: ['A. Sông chảy về phía đông', 'B. Đình làng dựng bằng gỗ lim'],
  },
];

describe('contamination', () => {
  const index = readContaminationIndex([file('vmlu.jsonl', ITEMS)]);
  const found = (text: string): string => contaminationOf(readSyllables(text), index);

  test.each([
    [
      'question and choices, as the benchmark writes them',
      `Đề ôn tập.\n${LONG}\nA. Để giữ nước ngọt\nB. Để nuôi cá\nC. Để làm đường\nD. Để chắn gió`,
      'vmlu:01-0001',
    ],
    [
      'other letters and case',
      `${LONG.toUpperCase()} a) để giữ nước ngọt b) để nuôi cá c) để làm đường d) để chắn gió`,
      'vmlu:01-0001',
    ],
    ['a long question alone', `Câu 7. ${LONG} Hãy viết một đoạn văn ngắn.`, 'vmlu:01-0001'],
    [
      'choices in another order',
      'Buổi chiều trong làng mọi người làm gì với nhau? A. Kéo lưới đánh cá B. Hát chèo ở sân đình C. Phơi thóc ngoài đồng',
      'vmlu:01-0005',
    ],
    [
      'a question of nine syllables alone, all of it',
      'Hỏi: Buổi chiều trong làng mọi người làm gì với nhau',
      'vmlu:01-0005',
    ],
    ['most of one', 'Buổi chiều trong làng mọi người làm gì?', ''],
    ['a question of nine syllables that two items ask', 'Câu nào dưới đây nói không đúng về làng?', ''],
    ['a short item', 'Thủ phủ của tỉnh là đâu? A. Xóm Mới B. Xóm Cũ', 'vmlu:01-0002'],
    ['two items', `${LONG} Thủ phủ của tỉnh là đâu? Xóm Mới, Xóm Cũ.`, 'vmlu:01-0001 vmlu:01-0002'],
    [
      'a text about the same things',
      'Người dân ở vùng cửa sông đắp bờ bao để giữ nước ngọt trước mùa mặn; có nhà còn nuôi cá.',
      '',
    ],
    ['a short question alone', 'Thủ phủ của tỉnh là đâu? Tôi không biết.', ''],
    ['an item too short to tell', '2 + 2?', ''],
    ['nothing', '', ''],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toBe(expected);
  });

  test.each([
    ['a line that is no JSON', [ITEMS[0], '{torn'], /line 2/],
    ['a line without a question', [{ id: 'x' }], /line 1: no question/],
  ])('refuses %s', (_, lines, says) => {
    expect(() => readContaminationIndex([file('bad.jsonl', lines)])).toThrow(
      expect.objectContaining({ code: 'BAD_ITEMS', exitStatus: 2, message: expect.stringMatching(says) }),
    );
  });

  test('refuses a file that is not there', () => {
    expect(() => readContaminationIndex([join(dir, 'none.jsonl')])).toThrow(
      expect.objectContaining({ code: 'BAD_ITEMS' }),
    );
  });
});
