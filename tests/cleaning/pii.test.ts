/** Personal data: how much is found, what replaces it, what stays untouched. */
import { describe, expect, test } from 'vitest';
import { maskPersonalData } from '../../cleaning/pii.ts';
import { PLANTED_LINES, personalDataScores, WRITTEN_LINES } from '../bench/cleaning/personal-data.ts';
import { expectLinear } from '../growth.ts';
import { CLEAN, FIXTURES } from './personal-data.ts';
import { LOOK_ALIKE_LINES, PLANTED } from './planted.ts';

describe('personal data', () => {
  test.each(personalDataScores(WRITTEN_LINES))(
    '$kind: recall $recall, precision $precision',
    ({ recall, precision, expected, faults }) => {
      expect(faults).toEqual([]);
      expect(expected).toBeGreaterThanOrEqual(10);
      expect(recall).toBeGreaterThanOrEqual(0.95);
      expect(precision).toBeGreaterThanOrEqual(0.98);
    },
  );

  test('planted: at least 1,000 lines with and 500 without', () => {
    expect(PLANTED.length).toBeGreaterThanOrEqual(1000);
    expect(LOOK_ALIKE_LINES.length).toBeGreaterThanOrEqual(500);
  });

  test.each(personalDataScores(PLANTED_LINES))(
    'planted $kind: recall $recall, precision $precision',
    ({ recall, precision, expected }) => {
      expect(expected).toBeGreaterThanOrEqual(100);
      expect(recall).toBeGreaterThanOrEqual(0.97);
      expect(precision).toBeGreaterThanOrEqual(0.99);
    },
  );

  test('prices, laws and news stay byte for byte as they were', () => {
    const text = CLEAN.join('\n');
    for (const level of ['off', 'basic', 'strict'] as const)
      expect(maskPersonalData(text, level)).toEqual({ text, counts: {} });
  });

  test('tags stand where the data stood, and are counted', () => {
    const text = 'Gọi 0912 345 678 hoặc viết cho tu.lai@example.com.\nSTK: 0071000123456';
    expect(maskPersonalData(text, 'basic')).toEqual({
      text: 'Gọi [SODIENTHOAI] hoặc viết cho [EMAIL].\nSTK: [TAIKHOAN]',
      counts: { phone: 1, email: 1, bank_account: 1 },
    });
    expect(maskPersonalData(text, 'off')).toEqual({ text, counts: {} });
  });

  test('levels: what is often a firm’s goes at strict only', () => {
    const text = 'Điện thoại bàn 024.3825.1234, MST 0100109106, xe 59A-123.45';
    expect(maskPersonalData(text, 'basic').text).toBe(text);
    expect(maskPersonalData(text, 'strict').text).toBe('Điện thoại bàn [SODIENTHOAI], MST [MASOTHUE], xe [BIENSO]');
  });

  test('line ends of other systems make no difference', () => {
    const text = FIXTURES.map((fixture) => fixture.text).join('\n');
    const masked = maskPersonalData(text, 'strict').text;
    expect(maskPersonalData(text.replace(/\n/g, '\r\n'), 'strict').text).toBe(masked.replace(/\n/g, '\r\n'));
  });

  test.each<[string, (n: number) => string]>([
    ['digits', (n) => '1'.repeat(n)],
    ['digits and spaces', (n) => '1 '.repeat(n / 2)],
    ['at signs', (n) => '@'.repeat(n)],
    ['letters before an at sign', (n) => `${'a.'.repeat(n / 2)}@`],
    ['cues', (n) => 'số tài khoản '.repeat(n / 13)],
    ['cues and digits', (n) => 'CMND 12 '.repeat(n / 8)],
    ['a number that never ends', (n) => `STK ${'1-'.repeat(n / 2)}`],
  ])('the cost of %s grows evenly', (_, text) =>
    expectLinear(text, (given) => maskPersonalData(given, 'strict'), { from: 100_000 }),
  );
});
