/** Bytes to text: which encoding it was, mojibake undone, references and VIQR decoded, fonts that are an encoding. */
import { describe, expect, test } from 'vitest';
import { restoreCapitals } from '../../cleaning/decode/capitals.ts';
import { decode } from '../../cleaning/decode/charset.ts';
import { decodeLegacy, detectLegacy } from '../../cleaning/decode/legacy.ts';
import { repairMojibake as repair } from '../../cleaning/decode/mojibake.ts';
import { decodeViqr, decodeReferences as decodeWritten } from '../../cleaning/decode/written-marks.ts';
import { extract } from '../../cleaning/html/extract.ts';

const repairMojibake = (text: string): string => repair(text).text;
const decodeReferences = (text: string): string => decodeWritten(text).text;

const PLAIN =
  'Buổi sáng, người trong xóm ra bến chờ chuyến đò đầu tiên. Ai cũng muốn về chợ sớm, vì những gánh rau để lâu sẽ héo. ' +
  'Đò nhỏ nhưng chở được nhiều, và ông lái đò đã quen mặt từng người. Đến trưa thì bến vắng, chỉ còn tiếng nước vỗ vào mạn.';

/** PLAIN in bytes, shown as Latin-1. The first three were written by glibc's iconv, VNI from the letters of its standard. */
const LEGACY = {
  tcvn3:
    'Buæi s¸ng, ng\xadêi trong xãm ra bÕn chê chuyÕn ®ß ®Çu tiªn. Ai còng muèn vÒ chî sím, v× nh÷ng g¸nh rau ®Ó l©u sÏ hÐo. ' +
    '§ß nhá nh\xadng chë ®\xadîc nhiÒu, vµ «ng l¸i ®ß ®· quen mÆt tõng ng\xadêi. §Õn tr\xada th× bÕn v¾ng, chØ cßn tiÕng n\xadíc vç vµo m¹n.',
  viscii:
    'Bu±i sáng, ngß¶i trong xóm ra bªn ch¶ chuyªn ðò ð¥u tiên. Ai cûng mu¯n v« chþ s¾m, vì nhæng gánh rau ð¬ lâu s¨ héo. ' +
    'Ðò nhö nhßng ch· ðßþc nhi«u, và ông lái ðò ðã quen m£t t×ng ngß¶i. Ðªn trßa thì bªn v¡ng, chï còn tiªng nß¾c v² vào mÕn.',
  // written by GNU recode
  vps:
    'Bu°i sáng, ngÜ©i trong xóm ra b\x89n ch© chuy\x89n Çò ÇÀu tiên. Ai cÛng muÓn v\x8a ch® s§m, vì nh»ng gánh rau Ç\x8b lâu së héo. ' +
    'ñò nhÕ nhÜng chª ÇÜ®c nhi\x8au, và ông lái Çò Çã quen m¥t tØng ngÜ©i. ñ\x89n trÜa thì b\x89n v¡ng, chÌ còn ti\x89ng nÜ§c v\x87 vào mån.',
  'windows-1258':
    'BuôÒi sáng, ngýõÌi trong xóm ra bêìn chõÌ chuyêìn ðoÌ ðâÌu tiên. Ai cuÞng muôìn vêÌ chõò sõìm, viÌ nhýÞng gánh rau ðêÒ lâu seÞ héo. ' +
    'ÐoÌ nhoÒ nhýng chõÒ ðýõòc nhiêÌu, và ông lái ðoÌ ðaÞ quen mãòt týÌng ngýõÌi. Ðêìn trýa thiÌ bêìn vãìng, chiÒ coÌn tiêìng nýõìc vôÞ vào maòn.',
  vni:
    'Buoåi saùng, ngöôøi trong xoùm ra beán chôø chuyeán ñoø ñaàu tieân. Ai cuõng muoán veà chôï sôùm, vì nhöõng gaùnh rau ñeå laâu seõ heùo. ' +
    'Ñoø nhoû nhöng chôû ñöôïc nhieàu, vaø oâng laùi ñoø ñaõ quen maët töøng ngöôøi. Ñeán tröa thì beán vaéng, chæ coøn tieáng nöôùc voã vaøo maïn.',
} as const;

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const utf16be = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16();

describe('decode', () => {
  test.each(Object.entries(LEGACY))('restores %s by its words, whatever the page declares', (charset, bytes) => {
    for (const declared of [
      undefined,
      'text/html',
      'text/html; charset=iso-8859-1',
      'text/html; charset=x-user-defined',
    ]) {
      expect(decode(latin1(bytes), declared)).toEqual({ text: PLAIN, charset, decidedBy: 'words', legacy: charset });
    }
  });

  const FRENCH =
    'Le garçon a mangé là-bas une crème brûlée très sucrée, et sa sœur a préféré un café noir à côté de la fenêtre.';
  test.each<[string, Uint8Array, string | undefined, string, string, string]>([
    ['UTF-8', Buffer.from(PLAIN), undefined, PLAIN, 'utf-8', 'content'],
    [
      'UTF-8 declared as something else',
      Buffer.from(PLAIN),
      'text/html; charset=windows-1252',
      PLAIN,
      'utf-8',
      'content',
    ],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${PLAIN}`), undefined, PLAIN, 'utf-8', 'bom'],
    ['UTF-8 cut inside a character', Buffer.from('bến').subarray(0, 3), undefined, 'b', 'utf-8', 'content'],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${PLAIN}`, 'utf16le'), undefined, PLAIN, 'utf-16le', 'bom'],
    ['UTF-16BE with a mark', utf16be(`\ufeff${PLAIN}`), undefined, PLAIN, 'utf-16be', 'bom'],
    ['UTF-16BE without a mark', utf16be('<html>plain</html>'), undefined, '<html>plain</html>', 'utf-16be', 'content'],
    [
      'French by HTTP',
      latin1(FRENCH.replace('œ', 'oe')),
      'text/html; charset=ISO-8859-1',
      FRENCH.replace('œ', 'oe'),
      'windows-1252',
      'http',
    ],
    [
      'French by default',
      latin1('Où est le café ? Là-bas, derrière.'),
      undefined,
      'Où est le café ? Là-bas, derrière.',
      'windows-1252',
      'default',
    ],
    [
      'Russian by meta',
      latin1('<meta charset="windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>'),
      'text/html',
      '<meta charset="windows-1251"><p>Привет</p>',
      'windows-1251',
      'meta',
    ],
    ['ASCII', latin1('just text'), 'text/plain; charset=nonsense', 'just text', 'utf-8', 'content'],
    ['nothing', new Uint8Array(), undefined, '', 'utf-8', 'content'],
  ])('%s', (_, bytes, contentType, text, charset, decidedBy) => {
    expect(decode(bytes, contentType)).toEqual({ text, charset, decidedBy });
  });

  test('a stray byte in UTF-8 costs one character', () => {
    const bytes = Buffer.concat([Buffer.from(PLAIN), latin1('\xff'), Buffer.from(PLAIN)]);
    expect(decode(bytes).text).toBe(`${PLAIN}\ufffd${PLAIN}`);
  });

  test('two telling words are not enough to choose', () => {
    expect(detectLegacy('®\xadîc nh÷ng')).toBeUndefined();
    expect(detectLegacy('®\xadîc nh÷ng ng\xadêi')).toBe('tcvn3');
  });
});

describe('repairMojibake', () => {
  test.each(Object.entries(LEGACY))('undoes %s read as Latin-1', (_, text) => {
    expect(repairMojibake(text)).toBe(PLAIN);
  });

  test('undoes UTF-8 read as Latin-1 and as windows-1252', () => {
    expect(repairMojibake(Buffer.from(PLAIN).toString('latin1'))).toBe(PLAIN);
    expect(repairMojibake(new TextDecoder('windows-1252').decode(Buffer.from(PLAIN)))).toBe(PLAIN);
  });

  const shown = (text: string): string => new TextDecoder('windows-1252').decode(Buffer.from(text));
  test.each([
    ['Mấy đứa nhỏ ở đầu ngõ.'],
    ['Là mùa gặt.'],
    ['Giá: 5 đồng'],
    ['Chiều nay bà con ra đình, rồi thành ra ở lại xem hát tới khuya'],
    ['Bác José đến làng'],
  ])('one line of UTF-8 is proof enough: %s', (line) => {
    expect(repairMojibake(shown(line))).toBe(line);
    expect(repairMojibake(shown(shown(line)))).toBe(line);
    expect(repairMojibake(`Trời đẹp, ai cũng ra đồng.\n${shown(line)}`)).toBe(`Trời đẹp, ai cũng ra đồng.\n${line}`);
    expect(repairMojibake(shown(line).replace(/\u00a0/g, ' '))).toBe(line);
    expect(
      repairMojibake(
        shown(line)
          .replace(/\u00a0 /g, ' ')
          .trim(),
      ),
    ).toBe(line);
  });

  test('a damaged name of another language follows the lines that prove it', () => {
    expect(repairMojibake(shown('Jörg Müller\nở Huế từ năm ngoái'))).toBe('Jörg Müller\nở Huế từ năm ngoái');
  });

  test('repairs the damaged part of a text and leaves the rest', () => {
    expect(repairMojibake(`Trang chủ\n${LEGACY.tcvn3}\nLà lá la`)).toContain(`Trang chủ\n${PLAIN}\n`);
  });

  test.each([
    ['Vietnamese', PLAIN],
    ['French', 'Là-bas, le garçon a mangé une crème brûlée ; où était sa sœur aînée, déjà partie à Orléans ?'],
    ['Portuguese', 'Não há razão para isso: a ação começou às três, e já é tarde. Só então você verá.'],
    ['capitals before a space that does not break', 'CAFÉ\u00a0: LE GARÇON ÂGÉ.\u00a0MAÇÃ\u00a0BOA, NÃO\u00a0HÁ.'],
    ['German', 'Ä – B – C: Übergröße, Äpfel, Öl, „Straße“ und “Fußgänger”.'],
    ['damaged French', shown('Là-bas, près du café, un garçon a mangé des pâtes brûlées.')],
    ['Icelandic', 'Það er ekki hægt að segja að þetta sé auðvelt, en við reynum samt að gera það í dag.'],
  ])('leaves %s as it is', (_, text) => {
    expect(repairMojibake(text)).toBe(text);
  });
});

describe('decodeReferences', () => {
  test('undoes text that was escaped twice', () => {
    expect(decodeReferences('Ng&#224;y 11 th&#225;ng 6 l&#224; ng&#224;y th&#x1EE9; 162 &amp; 163')).toBe(
      'Ngày 11 tháng 6 là ngày thứ 162 & 163',
    );
  });
  test('undoes named ones inside words', () => {
    expect(decodeReferences('Th&ocirc;ng b&aacute;o &ndash; t&ecirc;n &ldquo;&ETH;&ocirc;ng&rdquo; &foo;')).toBe(
      'Thông báo – tên “Ðông” &foo;',
    );
  });
  test('leaves a text about references alone', () => {
    expect(decodeReferences('Viết &ocirc; cho ô, &aacute; cho á.')).toContain('&ocirc;');
    expect(decodeReferences('In HTML, &#224; is à; write &amp; for an ampersand.')).toContain('&#224;');
  });
  test('keeps references that name no character', () => {
    expect(decodeReferences('&#7871;&#7871;&#7871;&#55296;&#1114112;')).toBe('ếếế&#55296;&#1114112;');
  });
});

/** By GNU recode, with its full stop behind a vowel escaped as RFC 1456 asks. */
const VIQR_ESCAPED =
  "Buo^?i sa'ng, ngu+o+`i trong xo'm ra be^'n cho+` chuye^'n ddo` dda^`u tie^n. Ai cu~ng muo^'n ve^` cho+. so+'m, vi` nhu+~ng ga'nh rau dde^? la^u se~ he'o\\. " +
  "DDo` nho? nhu+ng cho+? ddu+o+.c nhie^`u, va` o^ng la'i ddo` dda~ quen ma(.t tu+`ng ngu+o+`i\\. DDe^'n tru+a thi` be^'n va('ng, chi? co`n tie^'ng nu+o+'c vo^~ va`o ma.n.";

describe('decodeViqr', () => {
  test('restores marks written in ASCII, full stops escaped or not', () => {
    expect(decodeViqr(VIQR_ESCAPED)).toEqual({ text: PLAIN, isViqr: true });
    expect(decodeViqr(VIQR_ESCAPED.replaceAll('\\', '')).text).toBe(PLAIN);
  });
  test.each([
    ['English', "What is a^2 (b) + c? I don't know. Let x+y = (a+b)*c. Is it e^(i*pi)? Yes."],
    ['code', 'if (a^b) { o+=e*(u+1); a=(e+o)*u; e^=a; o*=i; u+=a; }'],
    ['Vietnamese in Unicode', PLAIN],
  ])('leaves %s alone', (_, text) => {
    expect(decodeViqr(text)).toEqual({ text, isViqr: false });
  });
});

describe('capitals that TCVN3 cannot code', () => {
  test.each([
    ['CộNG HòA Xã HộI CHủ NGHĩA VIệT NAM', 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM'],
    ['QUYếT địNH CủA ủY BAN NHâN DâN XÓM BếN', 'QUYẾT ĐỊNH CỦA ỦY BAN NHÂN DÂN XÓM BẾN'],
    ['Số: 12/QĐ-UBND\tĐộC LậP - Tự DO', 'Số: 12/QĐ-UBND\tĐỘC LẬP - TỰ DO'],
    ['NGHị ĐịNH Về ý KIếN', 'NGHỊ ĐỊNH VỀ Ý KIẾN'],
    ['Thông tư của Bộ TàI CHíNH', 'Thông tư của Bộ TÀI CHÍNH'],
    ['Bà Tư ở xóm Bến. ở đó vui. Bộ đội, TP Hà Nội, UBND xã', 'Bà Tư ở xóm Bến. Ở đó vui. Bộ đội, TP Hà Nội, UBND xã'],
    ['dòng này chưa hết\nở đây mới hết.\nảnh: không có', 'dòng này chưa hết\nở đây mới hết.\nẢnh: không có'],
    ['Gửi ủy ban nhân dân xã và các ủy ban của hội', 'Gửi Ủy ban nhân dân xã và các ủy ban của hội'],
    ['THủ TướNG CHíNH Phủ', 'THỦ TƯỚNG CHÍNH PHỦ'],
    ['QUYẾT ĐỊNH CỦA XÃ BẾN, Số 5', 'QUYẾT ĐỊNH CỦA XÃ BẾN, Số 5'],
  ])('%s', (written, expected) => expect(restoreCapitals(written)).toBe(expected));
});

/** As the fonts hold it: bytes of TCVN3 shown as Latin-1. */
function encodeTcvn3(text: string): string {
  const bytes = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i));
  const table = new Map(bytes.map((byte) => [decodeLegacy(byte, 'tcvn3'), byte]));
  return Array.from(text, (character) => table.get(character) ?? character).join('');
}

describe('fonts that are an encoding', () => {
  const line =
    'Con đò nhỏ nhưng chở được nhiều người, và ông lái đò đã quen mặt từng khách qua sông, ai cũng muốn về chợ sớm.';
  const tcvn3 = encodeTcvn3(line);
  const page = (body: string): string =>
    `<html><head><style>p.MsoNormal { font-family: ".VnTime"; }</style></head><body><div>Trang chủ của xóm, nơi mọi người gặp nhau mỗi sáng.</div>${body}</body></html>`;

  test.each([
    ['<font face>', `<p><font face=".VnTime">${tcvn3}</font></p>`, line],
    ['style', `<p style="font-family:.VnTime; font-size:13pt">${tcvn3}</p>`, line],
    ['a class of the style sheet', `<p class=MsoNormal>${tcvn3}</p>`, line],
    ['capitals', `<p><font face=".VnTimeH">${tcvn3}</font></p>`, line.toUpperCase()],
    ['text that was converted since', `<p><font face=".VnTime">${line}</font></p>`, line],
    [
      'another font inside',
      `<p><font face=".VnTime">${tcvn3} <font face="Arial">Đò đầy.</font></font></p>`,
      `${line} Đò đầy.`,
    ],
  ])('%s', (_, body, expected) => {
    expect(extract(page(body)).text).toContain(expected);
    expect(extract(page(body)).text).toContain('Trang chủ của xóm');
  });

  test('still tell the capitals where the bytes were decoded from TCVN3', () => {
    const decoded = page(`<p><font face=".VnTimeH">về việc chở đò</font></p><p>${line}</p>`);
    expect(extract(decoded, 'tcvn3').text).toContain('VỀ VIỆC CHỞ ĐÒ');
  });

  test('are left alone where the bytes were decoded from such an encoding', () => {
    const plain = 'Là bà và cô ba, hai bà là bà và cô của nhà ta, và hà cớ gì mà bà và cô ba là hai bà già.';
    expect(extract(page(`<p><font face=".VnTime">${plain}</font></p>`), 'viscii').text).toContain(plain);
  });
});
