/**
 * Personal data → tags. A kind is found by its form where that form is its own (a mobile number, a citizen id with its
 * province, sex and year), else only behind a word that names it (`STK`, `CMND`). Levels add up:
 *
 *   basic    what names or reaches a person: mobile phone, e-mail, identity documents, insurance, bank account, address
 *            of a computer
 *   strict   also what is often a firm's: landline, tax code, number plate
 *
 * Text in which nothing is found comes back as the same string. Patterns are bounded, so their time is linear.
 * Law: Personal Data Protection Law 91/2025/QH15, Decree 356/2025.
 */
import type { PersonalKind } from './document.ts';

export const LEVELS = ['off', 'basic', 'strict'] as const;
export type Level = (typeof LEVELS)[number];

interface Rule {
  readonly kind: PersonalKind;
  readonly level: 'basic' | 'strict';
  readonly tag: string;
  /** Group `it` is what is replaced; what stands around it stays. */
  readonly pattern: RegExp;
  /** Whether what was found is one, its form apart. */
  readonly isOne?: (found: string) => boolean;
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');

/** Before a number: no letter, no digits that it goes on, no list of small numbers (lottery), no number of a book. */
const NUMBER_STARTS = String.raw`(?<![\p{L}\d]|(?<!(?:\d[ .]?){9})\d[.,+-]|[a-z][-_]|(?<!\d)\d{1,2} |(?:ISBN|ISSN|OCLC|PMID|DOI)[^\n]{0,12})`;
/** Behind a number: no more digits, no fraction, no unit of money or measure. */
const NUMBER_ENDS = String.raw`(?!\d|[a-z]|[.,]\d| \d{1,2}(?!\d)|\s?(?:đ|đồng|vnđ|vnd|usd|triệu|tỷ|%|km|kg|m2|m²)(?![\p{L}\d]))`;
/** Between a word that names a number and the number. */
const GAP = String.raw`[^\d\n]{0,40}?`;

/** Provinces in the numbers of citizens. */
const PROVINCES = new Set(
  (
    '001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 044 045 ' +
    '046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 ' +
    '094 095 096'
  ).split(' '),
);
/** Weights of the first nine digits of a tax code; the tenth is ten minus their sum modulo eleven. */
const TAX_WEIGHTS = [31, 29, 23, 19, 17, 13, 7, 5, 3];

// Order matters: what is found first cannot be found again as another kind.
const RULES: readonly Rule[] = [
  {
    kind: 'email',
    level: 'basic',
    tag: '[EMAIL]',
    pattern:
      /(?<![\p{L}\d._%+-])(?<it>[a-z\d][a-z\d._%+-]{0,63}(?:@|\s?\((?:a|at)\)\s?|\s?\[(?:a|at)\]\s?|\s?@\s)(?:[a-z\d-]{1,63}(?:\.|\s?[[(]dot[\])]\s?)){1,4}[a-z]{2,10})(?![\p{L}\d])/giu,
    isOne: isEmail,
  },
  {
    kind: 'citizen_id',
    level: 'basic',
    tag: '[CCCD]',
    pattern:
      /(?<![\p{L}\d.,/-])(?<it>0\d{11}|0\d{2}[ .]\d{3}[ .]\d{3}[ .]\d{3}|0\d{3} \d{4} \d{4})(?![\p{L}\d/-]|[.,]\d)/gu,
    isOne: isCitizenId,
  },
  {
    kind: 'identity_card',
    level: 'basic',
    tag: '[CMND]',
    pattern: new RegExp(
      String.raw`(?:CMND|CMTND|CMT|chứng minh (?:nhân dân|thư)|giấy chứng minh)${GAP}(?<it>\d{3}[ .]?\d{3}[ .]?\d{3})(?![\d/]|[.,]\d)`,
      'giu',
    ),
  },
  {
    kind: 'passport',
    level: 'basic',
    tag: '[HOCHIEU]',
    pattern:
      /(?:[Hh]ộ chiếu|HỘ CHIẾU|[Pp]assport|PASSPORT|HC số)[^\d\n]{0,40}?(?<it>[A-Z]{1,2} ?\d{6,8})(?![\p{L}\d])/gu,
  },
  {
    kind: 'social_insurance',
    level: 'basic',
    tag: '[BHXH]',
    pattern: new RegExp(
      String.raw`(?:BHXH|BHYT|bảo hiểm (?:xã hội|y tế))${GAP}(?<it>[A-Z]{2} ?\d ?\d{2} ?\d{10}|\d{10})(?![\d/]|[.,]\d)`,
      'giu',
    ),
  },
  {
    kind: 'tax_code',
    level: 'strict',
    tag: '[MASOTHUE]',
    pattern: new RegExp(
      String.raw`(?:mã số thuế|MST|mã số doanh nghiệp|tax code)${GAP}(?<it>\d{10}(?:-\d{3})?|\d{2} ?\d{3} ?\d{3} ?\d{2})(?![\d/]|[.,]\d)`,
      'giu',
    ),
    isOne: isTaxCode,
  },
  {
    kind: 'bank_account',
    level: 'basic',
    tag: '[TAIKHOAN]',
    pattern: new RegExp(
      String.raw`(?<![\p{L}])(?:số tài khoản|tài khoản (?:ngân hàng|số|nhận|cá nhân)|chuyển khoản (?:vào|qua|tới|đến)(?= (?:số )?\d)|STK|số TK|TK|account (?:number|no\.?))${GAP}(?<it>\d(?:[ -]?\d){7,18})${NUMBER_ENDS}`,
      'giu',
    ),
  },
  {
    // Accountants number their accounts as well, with fewer digits.
    kind: 'bank_account',
    level: 'basic',
    tag: '[TAIKHOAN]',
    pattern: new RegExp(String.raw`(?<![\p{L}])tài khoản${GAP}(?<it>\d(?:[ -]?\d){8,18})${NUMBER_ENDS}`, 'giu'),
  },
  {
    kind: 'phone',
    level: 'basic',
    tag: '[SODIENTHOAI]',
    pattern: new RegExp(
      String.raw`${NUMBER_STARTS}(?<it>(?:\(?\+84\)?[ .-]?(?:\(0\) ?)?|0084[ .-]?|84[ -]?|0 ?)(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[ .-]?[0-46-9])(?:[ .-]?\d){7})${NUMBER_ENDS}`,
      'gu',
    ),
    isOne: (found) => !/\d\/\w/.test(found),
  },
  {
    kind: 'phone',
    level: 'strict',
    tag: '[SODIENTHOAI]',
    pattern: new RegExp(
      String.raw`${NUMBER_STARTS}(?<it>(?:\(?\+84[ .-]?|\(?0)2\d{1,2}\)?[ .-]{0,2}\d(?:[ .-]?\d){6,7})${NUMBER_ENDS}`,
      'gu',
    ),
    isOne: (found) => /^(?:84|0)2\d{9}$/.test(digitsOf(found)),
  },
  {
    kind: 'plate',
    level: 'strict',
    tag: '[BIENSO]',
    pattern:
      /(?<![\p{L}\d./-])(?<it>[1-9]\d ?-?[A-HK-NPSTUVXYZ][A-HK-NPSTUVXYZ\d]?[ -]\d{3}\.\d{2}|(?<=(?:biển (?:kiểm soát|số)|BKS|BS|xe)[^\d\n]{0,20})[1-9]\d ?-?[A-HK-NPSTUVXYZ][A-HK-NPSTUVXYZ\d]?[ -]?\d{4,5})(?![\p{L}\d]|\.\d)/gu,
  },
  {
    kind: 'ip',
    level: 'basic',
    tag: '[DIACHIIP]',
    pattern: /(?<![\p{L}\d.])(?<it>(?:\d{1,3}\.){3}\d{1,3})(?![\d]|\.\d)/gu,
    isOne: isPublicAddress,
  },
];

/** Pictures for dense screens (`logo@2x.png`) and the user of code hosts look like addresses. */
function isEmail(found: string): boolean {
  if (/^git@|\.(?:png|jpe?g|gif|webp|avif|svg|ico|js|css|json|mp[34]|pdf)$/i.test(found)) return false;
  return found.includes('@') || /(?:\.|dot[\])]\s?)(?:com|vn|net|org|edu|gov|info|biz)$/i.test(found);
}

function isCitizenId(found: string): boolean {
  const digits = digitsOf(found);
  const century = Number(digits[3]);
  return PROVINCES.has(digits.slice(0, 3)) && (century <= 1 || (century <= 3 && Number(digits.slice(4, 6)) <= 30));
}

function isTaxCode(found: string): boolean {
  const digits = digitsOf(found);
  const sum = TAX_WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return 10 - (sum % 11) === Number(digits[9]);
}

/** Four octets of the open internet; numbers of chapters and versions are small. */
function isPublicAddress(found: string): boolean {
  const octets = found.split('.').map(Number);
  const [a, b] = octets as [number, number];
  if (octets.some((octet) => octet > 255) || a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if ((a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254)) return false;
  return octets.some((octet) => octet >= 100);
}

export interface Masked {
  readonly text: string;
  /** How many of each kind were replaced; kinds without any are left out. */
  readonly counts: Partial<Record<PersonalKind, number>>;
}

/** What a line must hold before any rule is tried: six digits, a plate, or what e-mail addresses are written with. */
const CANDIDATE = /\d(?:[ .-]?\d){5}|\d\d[ -]{0,2}[A-Z][A-Z\d]?[ -]?\d{3}|@|\((?:a|at)\)|\[(?:a|at)\]/gi;

/**
 * The text with personal data replaced by tags, as far as the level says.
 * @param onFound is told each piece that is replaced
 */
export function maskPersonalData(
  text: string,
  level: Level,
  onFound?: (kind: PersonalKind, found: string) => void,
): Masked {
  const counts: Partial<Record<PersonalKind, number>> = {};
  if (level === 'off') return { text, counts };
  const rules = RULES.filter((rule) => rule.level === 'basic' || level === 'strict');
  let masked = '';
  let done = 0;
  CANDIDATE.lastIndex = 0;
  for (let hit = CANDIDATE.exec(text); hit !== null; hit = CANDIDATE.exec(text)) {
    const start = Math.max(done, text.lastIndexOf('\n', hit.index) + 1);
    const lineEnd = text.indexOf('\n', hit.index);
    const end = lineEnd < 0 ? text.length : lineEnd;
    masked += text.slice(done, start) + maskLine(text.slice(start, end));
    done = end;
    CANDIDATE.lastIndex = end;
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { text: total === 0 ? text : masked + text.slice(done), counts };

  function maskLine(line: string): string {
    for (const { kind, tag, pattern, isOne } of rules) {
      line = line.replace(pattern, (whole: string, ...rest: unknown[]) => {
        const { it } = rest.at(-1) as { it: string };
        if (isOne !== undefined && !isOne(it)) return whole;
        counts[kind] = (counts[kind] ?? 0) + 1;
        onFound?.(kind, it);
        const at = whole.lastIndexOf(it);
        return whole.slice(0, at) + tag + whole.slice(at + it.length);
      });
    }
    return line;
  }
}
