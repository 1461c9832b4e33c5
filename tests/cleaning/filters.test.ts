/** The table of filters: which text meets which rule in which preset, and thresholds that are moved. */
import { describe, expect, test } from 'vitest';
import { judge, PRESETS, type Preset, TABLE, thresholdsOf } from '../../cleaning/filters/index.ts';
import { parseThresholds } from '../../cleaning/recipe.ts';
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import { measurementsOf } from './support.ts';

const reasonOf = (text: string, preset: Preset): string => {
  const judgement = judge(measurementsOf(text), thresholdsOf(preset));
  return judgement === true ? 'kept' : `${judgement.stage}/${judgement.verdict.reason}`;
};

const PROSE =
  'Bến đò nằm dưới gốc gáo già, nơi con nước rẽ làm hai. Sáng nào ông lái cũng ra tát xuồng trước khi mặt trời lên. ' +
  'Ông nói nước sông mỗi năm một khác, có năm phù sa đỏ quạch, có năm trong leo lẻo tới đáng lo.\n\n' +
  'Khách qua đò giờ thưa lắm. Người ta có cầu, có xe, chẳng ai đợi một chuyến đò chở năm người. Nhưng ông vẫn giữ bến, ' +
  'vì bên kia còn mấy nhà chưa có đường, và vì tụi nhỏ đi học sớm phải có người đưa.';

const VERSE =
  'Ai về bến cũ mà coi\nCon đò gác mái mảnh vôi bám đầy\nNước ròng để lộ gốc cây\nNước lên che hết như ngày còn đưa\n' +
  'Mẹ ngồi vá lưới qua trưa\nTay luồn mắt nhỏ miệng thưa dạ hoài';

const LIST =
  'Dụng cụ làm vườn trên sân thượng\ncuốc nhỏ một cái\nbình tưới năm lít\nđất trộn xơ dừa ba bao\nkéo tỉa cành\n' +
  'găng tay vải hai đôi\nthùng xốp cũ sáu cái\ngiống rau muống và rau dền\nphân bò đã ủ hoai\nlưới che nắng bốn mét\nrổ nhựa để hứng lá\nthang gỗ ba bậc của nhà\nsổ ghi ngày gieo và ngày hái';

const words = (count: number, word: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => word(n)).join(' ');
/** Blanks to fill in, as circulars append them: fourteen different ones. */
const FORMS = (
  'Kính gửi|Họ và tên chủ hộ|Nơi sinh của con|Thôn đang ở|Nghề của cha|Số nhân khẩu|Diện tích ruộng|Loại cây đã trồng|' +
  'Thiệt hại do lũ|Đề nghị hỗ trợ|Ý kiến trưởng thôn|Cán bộ thẩm tra|Chủ tịch xã ký|Ngày nhận đơn'
)
  .split('|')
  .map((field, n) => `${field} (ghi chữ in hoa, không viết tắt): ${'.'.repeat(60 + n)}\n----------`)
  .join('\n');
const PROCEDURE = [
  'Bước\tNgười làm\tThời hạn',
  'Nộp đơn tại bộ phận một cửa của xã\tChủ hộ hoặc người được ủy quyền\tGiờ hành chính',
  'Kiểm tra giấy tờ và ghi phiếu hẹn\tCán bộ tiếp nhận\tTrong ngày',
  'Thẩm tra tại ruộng, lập biên bản\tTổ công tác có trưởng thôn dự\tBảy ngày\n',
].join('\n');
const ENGLISH =
  'The ferry leaves when the captain decides that it is full, which is not the same thing as the timetable says. '.repeat(
    4,
  );

describe('judge', () => {
  test.each<[string, string, string, string]>([
    ['prose', PROSE, 'kept', 'kept'],
    ['verse without any punctuation', VERSE, 'kept', 'filter/too_short'],
    ['a list of short lines', LIST, 'kept', 'filter/unfinished_lines'],
    ['English', ENGLISH, 'language/not_vietnamese', 'language/not_vietnamese'],
    [
      'English full of Vietnamese names',
      'Trần Văn Lành, Nguyễn Thị Bưởi, Phạm Văn Cồn and Lê Thị Mận met in Vàm Cũ after the flood. They were of the same family, and Lê Văn Đò was the first of them who had left for Sài Gòn.',
      'language/not_vietnamese',
      'language/not_vietnamese',
    ],
    ['prose typed without diacritics', removeDiacritics(PROSE), 'language/no_diacritics', 'kept'],
    ['a word of 120,000 letters', `${PROSE} ${'a'.repeat(120_000)}`, 'filter/endless_word', 'language/not_vietnamese'],
    [
      'a note with two function words',
      'Bún bò: bắp bò, giò heo, mắm ruốc, sả, ớt, hành tím, rau muống chẻ, bắp chuối. Hầm xương bốn giờ và nêm mắm ruốc, ăn với rau sống, chanh, ớt tươi.',
      'kept',
      'filter/too_short',
    ],
    ['one sentence', 'Chiều nay bến nghỉ một chuyến vì gió lớn.', 'filter/too_short', 'filter/too_short'],
    [
      'a base64 block in prose',
      `${PROSE} ${words(12, (n) => `QmVuIGRvIG5hbSBkdW9pIGdvYyBnYW8gZ2lh${n}`)}`,
      'filter/long_syllables',
      'kept',
    ],
    ['a table of figures', `${PROSE} ${words(200, (n) => String(n * 37))}`, 'filter/few_letters', 'filter/few_letters'],
    [
      'rows of symbols',
      `${PROSE} ${words(90, (n) => `@%@${'@+*'[n % 3]}`)}`,
      'filter/many_symbols',
      'filter/few_letters',
    ],
    ['pictures in every word', PROSE.replace(/ /g, '★★★ '), 'filter/many_symbols', 'kept'],
    ['capitals only', PROSE.toUpperCase(), 'filter/shouting', 'kept'],
    [
      'a menu of names',
      words(60, (n) => ['xoài', 'quýt', 'bưởi', 'chôm', 'mận', 'ổi', 'cóc'][n % 7] + (n % 5 ? '' : ',')),
      'filter/few_stopwords',
      'filter/few_fineweb_stopwords',
    ],
    [
      'one keyword everywhere',
      `${PROSE} ${words(30, (n) => `sơn nhà ${['đẹp', 'bền', 'mịn', 'sạch', 'thơm'][n % 5]}`)}`,
      'filter/keyword_stuffing',
      'filter/repetitive_phrase_7',
    ],
    [
      'lures',
      `${PROSE} ${words(6, (n) => `nhà cái ${n} uy tín nhất, nạp ${n} chơi ngay`)}`,
      'filter/spam_phrases',
      'kept',
    ],
    [
      'news of a raid on a gambling ring',
      `${PROSE} Công an huyện vừa phá một đường dây cá cược, lô đề và tài xỉu; các nhà cái thuê người ghi lô đề, mở game bài và tổ chức đá gà, xóc đĩa.`,
      'kept',
      'kept',
    ],
    [
      'words that only begin like lures',
      `${PROSE} Ghe làm bằng gỗ sao, cửa làm bằng tre; cô gái gọi với theo, mũi tên bắn cánh quân trái, đám trẻ đá gàu nước.`,
      'kept',
      'kept',
    ],
    [
      'a note with its sources',
      `${PROSE.slice(0, 250)} Nguồn: ${words(3, (n) => `[bài ${n}](https://bao.example/doi-song/con-do-nho-cua-nguoi-lai-ben-cu-${n}.html)`)}`,
      'kept',
      'kept',
    ],
    // Short, and good
    [
      'a paragraph of two function words',
      'Quang nghẹn cổ, ngước nhìn mẹ rồi cúi mặt. Bà cụ vùng dậy, tay chỉ ra sân, miệng run run: con đi đâu thì đi, mẹ chỉ xin giữ lấy thân.',
      'kept',
      'filter/too_short',
    ],
    [
      'one line of speech',
      '- Thôi anh về đi, trời sắp mưa rồi, để sáng mai tạnh ráo em nhờ thằng Cò chèo xuồng qua đón anh sang bên ấy mà không thì lỡ mất phiên chợ',
      'kept',
      'filter/too_short',
    ],
    [
      'a phrase said twice in one paragraph',
      'Bến cũ được xây bằng đá ong của làng trên, bến mới được xây bằng đá ong của làng dưới, nên người già vẫn đùa rằng hai làng chung một bến.',
      'kept',
      'filter/too_short',
    ],
    [
      'a short article that names its subject',
      'Hội đua ghe là hội của xóm. Hội đua ghe mở vào tháng mười, khi nước lên. Ban tổ chức hội đua ghe do dân bầu. Năm nào hội đua ghe cũng đông khách, và ai đến hội đua ghe đều được mời cơm. Nhà nào có ghe thì góp ghe, nhà nào có người thì góp người.',
      'kept',
      'filter/repetitive_phrase',
    ],
    [
      'a chronicle',
      `Các năm của làng ${words(60, (n) => `Tháng ${n}: dựng đình ${n}, đắp đê ${n}, bắc cầu ${n}.`)} ${PROSE.slice(0, 200)}`,
      'kept',
      'filter/few_letters',
    ],
    ['addresses', `${PROSE} ${words(12, (n) => `xem tại www.trang${n}.com`)}`, 'filter/link_farm', 'kept'],
    [
      'the same lines again',
      `${PROSE}\n${`${PROSE.slice(0, 60)}\n`.repeat(6)}`,
      'filter/repetitive_lines',
      'filter/repeated_lines',
    ],
    ['a circular with its forms', `${PROSE}\n\n${FORMS}`, 'kept', 'filter/repetitive_phrase_7'],
    ['three procedures in one table', `${PROSE}\n\n${words(3, () => PROCEDURE)}`, 'kept', 'filter/repetitive_text'],
    [
      'the same words between leaders',
      `${PROSE}\n${'Mua ngay kẻo hết hàng ________ '.repeat(40)}`,
      'filter/repetitive_phrase',
      'filter/repetitive_phrase',
    ],
    ['hashes', `${PROSE} ${words(20, (n) => `#thẻ${n}`)}`, 'filter/many_hashes', 'filter/many_hashes'],
    [
      'half of it code',
      PROSE.replace(/\. /g, '.\n').replace(/\n(?=Ông|Sáng|Khách|Nhưng)/g, ' {\n'),
      'filter/code_lines',
      'kept',
    ],
    ['filler', `${PROSE} Lorem ipsum dolor sit amet.`, 'filter/lorem_ipsum', 'kept'],
    [
      'policies',
      `${PROSE.slice(0, 200)}\n\nXem chính sách bảo mật của trang.\nXem điều khoản sử dụng của trang.`,
      'filter/policy_lines',
      'kept',
    ],
    ['teasers', PROSE.replace(/\. /g, '…\n'), 'filter/truncated_lines', 'filter/truncated_lines'],
  ])('%s', (_, text, recommended, fineweb2) => {
    expect({ recommended: reasonOf(text, 'recommended'), fineweb2: reasonOf(text, 'fineweb2') }).toEqual({
      recommended,
      fineweb2,
    });
    expect(reasonOf(text, 'keep-all')).toBe('kept');
  });

  test('a document labelled Vietnamese must be so in two fifths of its text', () => {
    const mixed = (share: number) => ({ ...measurementsOf(PROSE), vietnamese_para_frac: share });
    expect(judge(mixed(0.45), thresholdsOf('recommended'))).toBe(true);
    expect(judge(mixed(0.3), thresholdsOf('recommended'))).toMatchObject({
      stage: 'language',
      verdict: { reason: 'mostly_other_language' },
    });
  });

  test('gives the value that decided and the threshold it met', () => {
    expect(judge(measurementsOf('Chiều nay bến nghỉ một chuyến vì gió lớn.'), thresholdsOf('recommended'))).toEqual({
      stage: 'filter',
      verdict: { reason: 'too_short', value: 9, threshold: 28 },
    });
  });
});

describe('the table', () => {
  test('every row has a reason of its own and says whose rule it is', () => {
    const reasons = TABLE.map(({ filter }) => filter.reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    for (const reason of reasons) expect(reason).toMatch(/^[a-z]+(?:_[a-z0-9]+)*$/);
    for (const row of TABLE) expect(row.published).not.toBe('');
  });

  test('nothing throws on an empty text', () => {
    for (const preset of PRESETS) expect(() => reasonOf('', preset)).not.toThrow();
  });
});

describe('a threshold that is moved', () => {
  test('by measurement or by reason', () => {
    expect(parseThresholds(['dup_line_frac=0.4', 'too_short=9', 'too_short=5'])).toEqual({
      repeated_lines: 0.4,
      too_short: 5,
    });
    const moved = thresholdsOf('recommended', parseThresholds(['too_short=5']));
    expect(judge(measurementsOf('Chiều nay bến nghỉ một chuyến vì gió lớn.'), moved)).toBe(true);
  });

  test('every name that an error lists is accepted, and every reason is listed', () => {
    let message = '';
    try {
      parseThresholds(['no_such_rule=1']);
    } catch (error) {
      message = (error as Error).message;
    }
    const listed = message.split('one of ')[1].split(', ');
    for (const name of listed) expect(Object.values(parseThresholds([`${name}=1`]))).toEqual([1]);
    expect(listed).toEqual(expect.arrayContaining(TABLE.map(({ filter }) => filter.reason)));
  });

  test.each([
    ['syllables=3', /too_short, too_long/],
    ['no_such_rule=1', /dup_line_frac/],
    ['dup_line_frac', /NAME=NUMBER/],
    ['dup_line_frac=much', /NAME=NUMBER/],
  ])('%s names what is allowed', (text, says) => {
    expect(() => parseThresholds([text])).toThrow(says);
  });
});
