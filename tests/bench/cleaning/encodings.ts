/**
 * Encodings: the twelve damages of the pack; `iconv` and GNU recode as oracles on Wikipedia articles; and clean text that
 * must come back as it is.   VUA_PACK=DIR node --import tsx tests/bench/cleaning/encodings.ts
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restoreCapitals } from '../../../cleaning/decode/capitals.ts';
import { decode } from '../../../cleaning/decode/charset.ts';
import { decodeLegacy } from '../../../cleaning/decode/legacy.ts';
import { repairMojibake } from '../../../cleaning/decode/mojibake.ts';
import { decodeReferences, decodeViqr } from '../../../cleaning/decode/written-marks.ts';
import { normalize } from '../../../cleaning/vietnamese/normalize.ts';
import { removeDiacritics, VIETNAMESE_LETTER } from '../../../cleaning/vietnamese/syllables.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { hasPack, pack, readPack } from './data.ts';

/** What cleaning does to the bytes of a text file. */
export function restore(bytes: Uint8Array): string {
  const { text: decoded, legacy } = decode(bytes);
  const text = legacy === 'tcvn3' ? restoreCapitals(decoded) : decoded;
  return normalize(decodeReferences(repairMojibake(decodeViqr(text).text).text).text);
}

function damages(): string[][] {
  const dir = 'encoding/derived';
  const counts = new Map<string, { restored: number; all: number }>();
  for (const file of readdirSync(join(pack, dir))) {
    const [id, kind] = [file.slice(0, 2), file.slice(3)];
    const reference = normalize(readPack(`${dir}/${id}.utf8.txt`));
    const expected = kind === 'nodiacritics.txt' ? removeDiacritics(reference) : reference;
    const count = counts.get(kind) ?? { restored: 0, all: 0 };
    counts.set(kind, count);
    count.all++;
    if (restore(readFileSync(join(pack, dir, file))) === expected) count.restored++;
  }
  return [...counts].map(([kind, { restored, all }]) => [`pack: ${kind}`, `${restored} of ${all}`]);
}

/** Encoders by name: each takes UTF-8 and gives bytes, or nothing where a text does not fit or the tool is missing. */
const ORACLES: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['iconv TCVN5712-1', 'iconv', ['-f', 'UTF-8', '-t', 'TCVN5712-1']],
  ['iconv VISCII', 'iconv', ['-f', 'UTF-8', '-t', 'VISCII']],
  ['iconv CP1258', 'iconv', ['-f', 'UTF-8', '-t', 'CP1258']],
  ['iconv UTF-16LE', 'iconv', ['-f', 'UTF-8', '-t', 'UTF-16LE']],
  ['recode VPS', 'recode', ['UTF-8..VPS']],
  ['recode VIQR', 'recode', ['UTF-8..VIQR']],
];

const ARTICLES = 200;

/** Sentences that every encoding can hold: letters of Vietnamese, ASCII. */
function plainSentences(): string[] {
  const articles = readPack('text/viwiki.jsonl').trim().split('\n');
  const fits = /^[\x20-\x7e\nÀ-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]+$/;
  return articles
    .map((line) => normalize((JSON.parse(line) as { text: string }).text))
    .map((text) => text.split('\n').filter((line) => fits.test(line) && line.length > 80))
    .filter((lines) => lines.length >= 3)
    .slice(0, ARTICLES)
    .map((lines) => lines.slice(0, 8).join('\n'));
}

function oracles(): string[][] {
  const texts = plainSentences();
  const rows = ORACLES.map(([name, command, args]) =>
    compare(name, texts, (text) => {
      const { status, stdout } = spawnSync(command, args, { input: text });
      return status === 0 ? stdout : undefined;
    }),
  );
  return [...rows, compare('VIQR, escaped as RFC 1456 asks', texts, (text) => Buffer.from(encodeViqr(text)))];
}

function compare(name: string, texts: readonly string[], encode: (text: string) => Uint8Array | undefined): string[] {
  let [restored, encoded, right, syllables] = [0, 0, 0, 0];
  for (const text of texts) {
    const bytes = encode(text);
    if (bytes === undefined) continue;
    encoded++;
    const result = restore(bytes);
    if (result === text) restored++;
    const [expected, got] = [text.split(/\s+/), result.split(/\s+/)];
    syllables += expected.length;
    right += expected.filter((syllable, i) => syllable === got[i]).length;
  }
  if (encoded === 0) return [name, 'not installed'];
  return [name, `${restored} of ${encoded}`, `${((100 * right) / syllables).toFixed(2)} % of syllables`];
}

const VIQR: Readonly<Record<string, string>> = {
  '\u0302': '^',
  '\u0306': '(',
  '\u031b': '+',
  '\u0301': "'",
  '\u0300': '`',
  '\u0309': '?',
  '\u0303': '~',
  '\u0323': '.',
};

/** Hat before tone; what would read as a mark behind a vowel, or as đ, is escaped. */
function encodeViqr(text: string): string {
  let encoded = '';
  for (const character of text) {
    if (character === 'đ' || character === 'Đ') encoded += character === 'đ' ? 'dd' : 'DD';
    else if (/[\^(+*'`?~.]/.test(character)) encoded += /[a-z^(+*'`?~.]$/i.test(encoded) ? `\\${character}` : character;
    else if (/d/i.test(character) && /d$/i.test(encoded)) encoded += `\\${character}`;
    else {
      const [letter, ...marks] = character.normalize('NFD');
      const hats = marks.filter((mark) => /[\u0302\u0306\u031b]/.test(mark));
      encoded += letter + [...hats, ...marks.filter((mark) => !hats.includes(mark))].map((mark) => VIQR[mark]).join('');
    }
  }
  return encoded;
}

const linesOf = (path: string): string[] =>
  readPack(path)
    .trim()
    .split('\n')
    .flatMap((line) => normalize((JSON.parse(line) as { text: string }).text).split('\n'));

/** One line of UTF-8 read as windows-1252, beside a line that was read rightly. */
function damagedLines(): string[][] {
  const windows1252 = new TextDecoder('windows-1252');
  const good = 'Hôm nay trời đẹp, ai cũng ra đồng từ sớm để gặt cho kịp.';
  const lines = linesOf('text/viwiki.jsonl').filter((line) => VIETNAMESE_LETTER.test(line));
  return [
    [40, 80],
    [80, 160],
    [160, 320],
    [320, Number.POSITIVE_INFINITY],
  ].map(([from, to]) => {
    const some = lines.filter(({ length }) => length >= from! && length < to!);
    const restored = some.filter((line) => {
      const text = `${good}\n${windows1252.decode(Buffer.from(line))}`;
      return normalize(repairMojibake(text).text) === `${good}\n${line}`;
    });
    return [`one damaged line of ${from} characters and more`, `${restored.length} of ${some.length}`];
  });
}

/** Decrees as the fonts of TCVN3 hold them, whose only capitals with marks are these. */
const ABC_CAPITALS = 'ĂÂÊÔƠƯĐ';

function decreesInAbc(): string[][] {
  const bytes = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0xa1 + i));
  const table = new Map(bytes.map((byte) => [decodeLegacy(byte, 'tcvn3'), byte]));
  const encoded = (character: string): string | undefined => {
    if (character <= '\x7f') return character;
    const isCoded = character === character.toLowerCase() || ABC_CAPITALS.includes(character);
    return table.get(isCoded ? character : character.toLowerCase());
  };
  const texts = readPack('text/law_2010.jsonl')
    .trim()
    .split('\n')
    .map((line) => normalize((JSON.parse(line) as { text: string }).text));
  let [lines, before, after] = [0, 0, 0];
  for (const text of texts) {
    const fits = (line: string): boolean => Array.from(line).every((character) => encoded(character) !== undefined);
    const held = normalize(text.split('\n').filter(fits).join('\n')).split('\n');
    const { text: decoded } = decode(Buffer.from(Array.from(held.join('\n'), encoded).join(''), 'latin1'));
    const [plain, restored] = [normalize(decoded).split('\n'), normalize(restoreCapitals(decoded)).split('\n')];
    lines += held.length;
    before += held.filter((line, i) => line === plain[i]).length;
    after += held.filter((line, i) => line === restored[i]).length;
  }
  return [['lines of decrees in ABC bytes', `${after} of ${lines}`, `without their capitals ${before}`]];
}

/** Text in UTF-8 that must not be touched: every article, and lines in 37 languages. */
function untouched(): string[][] {
  const articles = readPack('text/viwiki.jsonl')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text);
  const dir = 'langid/ntrex';
  const files = readdirSync(join(pack, dir)).filter((name) => name.endsWith('.txt'));
  const languages = new Set(files.map((file) => file.slice(0, 3))).size;
  const lines = files.map((file) => readPack(`${dir}/${file}`));
  const isSame = (text: string): boolean => {
    const decoded = decode(Buffer.from(text));
    const viqr = decodeViqr(text);
    return decoded.text === text && decoded.charset === 'utf-8' && !viqr.isViqr && repairMojibake(text).text === text;
  };
  return [
    ['Wikipedia articles untouched', `${articles.filter(isSame).length} of ${articles.length}`],
    [`files of ${languages} languages untouched`, `${lines.filter(isSame).length} of ${lines.length}`],
  ];
}

export function encodingsBench(): void {
  if (!hasPack) process.stdout.write('VUA_PACK is not set: nothing to restore\n');
  else
    process.stdout.write(
      `encodings\n${formatTable([...damages(), ...damagedLines(), ...decreesInAbc(), ...oracles(), ...untouched()])}\n`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) encodingsBench();
