/** Old and regional writing, and text half converted. Samples of Tày, Nùng, Thái and Mường are unchecked: no speaker has read them. */
import { describe, expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { repairHalfDecoded } from '../../cleaning/decode/mojibake.ts';
import { languageOf } from '../../cleaning/vietnamese/language.ts';
import { readSyllables } from '../../cleaning/vietnamese/lexicon.ts';
import { pageOf } from '../../crawlers/page.ts';
import { measurementsOf, story } from './support.ts';

const folded = (text: string): string[] => readSyllables(text).map((syllable) => syllable.folded);

describe('hyphenated orthography', () => {
  test.each([
    ['Chánh-phủ Việt-Nam', 'Chánh phủ Việt Nam'],
    ['“lịch-sử”, Sài-gòn-nhỏ.', '“lịch sử”, Sài gòn nhỏ.'],
    ['NĐ-CP 12-5 e-mail T-shirt', 'NĐ-CP 12-5 e-mail T-shirt'],
  ])('%s', (old, modern) => expect(folded(old)).toEqual(folded(modern)));

  test('a text is kept as it was written, and known as the one of the modern edition', async () => {
    const modern = story(7);
    const old = modern
      .replaceAll('bến đò', 'bến-đò')
      .replaceAll('người thợ', 'người-thợ')
      .replaceAll('cô giáo', 'cô-giáo');
    const pages = [old, modern].map((text, i) =>
      pageOf(`http://sach.test/${i}`, text, { headers: { 'content-type': 'text/plain' } }),
    );
    const outcomes: string[] = [];
    for await (const { kept, dropped } of clean(pages)) outcomes.push(kept?.text ?? dropped!.reason);
    expect(outcomes).toEqual([old, 'exact_duplicate']);
  });
});

test('windows-1258 of which half was converted', () => {
  const shown = 'Năm nay ngýời dân ðýợc mùa, nhý mọi nãm. Ðýờng ðể chở lúa có ý nghĩa, ai ngã thì ðỡ.';
  expect(repairHalfDecoded(shown)).toEqual({
    text: 'Năm nay người dân được mùa, như mọi năm. Đường để chở lúa có ý nghĩa, ai ngã thì đỡ.',
    words: 7,
  });
  expect(repairHalfDecoded('Ý kiến ấy có ý nghĩa, ký tên rồi ngã.').words).toBe(0);
  expect(repairHalfDecoded('Það er gott veður í dag og maður').words).toBe(0);
});

test('keys that nothing converted are measured', () => {
  expect(measurementsOf('Tieesng Vieejt raats ddepj, quees huwowng').typed_frac).toBeCloseTo(5 / 6);
  expect(measurementsOf('Tie61ng Vie65t ra61t d9e5p').typed_frac).toBe(1);
  expect(measurementsOf('The books of 2024 need food, room A4, MP3 and week 52').typed_frac).toBe(0);
});

test('function words have their marks in marked text', () => {
  const without = measurementsOf('Ông Nam Cao viết truyện ngắn, bà Lai bán chè, cô Mai bán bánh, ông Cung nghỉ.');
  expect(without.stopword_hits).toBe(0);
  const counted = (text: string) => measurementsOf(`${text} ${'xã Thạnh Phú, '.repeat(30)}`).stopword_hits;
  expect([counted('nhưng tôi đang'), counted('loài')]).toEqual([3, 0]);
});

describe('languages near it, and short lines of names', () => {
  test.each([
    ['tyz', 'Khỏi slương noọng lai, noọng pây dú tầư mà hết khỏi slương, bjoóc mặn phông khao, fạ rọi slao slư'],
    ['tyz', 'Vằn nẩy khỏi phjải mừa háng, slửa phjưa slon slư, phjắc cát bjoóc fạ'],
    ['mtq', 'Tlâu tlắng klơ khà tlước, mol Mường tlong tlênh tlái tlon'],
    ['und', 'Lan pây hâư dế?'],
    ['und', 'Noọng dú lườn lẻ, khỏi chắng pây háng mà dá'],
    ['und', 'Vằn nẩy pỉ noọng dú bản xày mà chúc pi mấư, hết pẻng hẩư cần ké'],
    ['und', 'Nặm khuổi luây quá nà, pú dả dú rườn mì lai cáy'],
    ['und', 'Bấu mì fiệc lăng đây'],
    ['und', 'Cần hâư tố chắc hết, tọ nắm xằng đảy mà'],
    ['und', 'Pi nọng chựa nọi côn xày dệt hươn hảu pưng chua cặt'],
    ['mtq', 'Ba̒ kon ớ xỏm nảw kơm, kỏ ka kỏ zâ̭w'],
    ['mtq', 'Nga̒i ni̒ mo̭l Mươ̒ng di tlôông zâu'],
    ['vie', 'Giật nẩy mình, bà đánh rơi cả rổ bánh, ai cũng cười'],
    ['vie', 'Xã Nậm Pồ, huyện Mường La, bản Nà Khoang'],
    ['vie', 'Sườn non rim mặn, canh chua, rau luộc'],
    ['und', 'É muito mau.'],
    ['und', 'nkan ti bù mí jẹ'],
    ['und', 'Sú len hravé.'],
    ['und', 'Trump sa i en ”nyhetsankarröst”:'],
    ['und', 'Il Real Madrid ha battuto la Roma a Madrid'],
    ['und', 'Alasdair Lamont de la BBC Scotland, à Tony Macaroni Arena'],
    ['und', 'Before then, Rangers host Rapid Vienna in Glasgow'],
    ['und', 'CBS ní mílíọ̀nù 3.1, NBC ní mílíọ̀nù 2.94, ni Nielsen sọ'],
    ['fil', 'Mga anak ko, ang ganda ng bahay na ito sa Maynila'],
    ['swe', 'Det var inte för sent att gå hem till Stockholm när du och jag är där'],
    ['vie', 'Chelsea gặp Videoton tại UEFA Europa League vào thứ Ba'],
    ['vie', 'Ca sĩ Kanye West đổi tên thành Ye'],
  ])('%s: %s', (code, text) => expect(languageOf(text).code).toBe(code));
});
