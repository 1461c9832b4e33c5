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

import type { Level } from './choices.ts';
import type { PersonalKind } from './document.ts';
import { ADDRESS_PATTERN, ADDRESS6_PATTERN, isAddress, isAddress6 } from './personal-data/computers.ts';
import {
  digitsOf,
  type Found,
  isLandline,
  isMobile,
  isPhoneNext,
  LANDLINE_PATTERN,
  MOBILE_PATTERN,
  NEARBY,
  UNIT,
} from './personal-data/phones.ts';

interface Rule {
  readonly kind: PersonalKind;
  readonly level: 'basic' | 'strict';
  readonly tag: string;
  /** Group `it` is what is replaced; what stands around it stays. */
  readonly pattern: RegExp;
  /** A line without it holds none: asked first, where the pattern is long. */
  readonly sign?: RegExp;
  /** What its shortest forms have, where that is not SIX_DIGITS: lines with neither are read by no rule. */
  readonly opens?: RegExp;
  /** Whether what was found is one, its form apart. */
  readonly isOne?: (found: Found) => boolean;
}

/** Between a word that names a number and the number. */
const GAP = String.raw`[^\d\n]{0,40}?`;

/** An account: digits in one piece, or groups with one separator (`6511 2233 4455`, `107-886-554-4`), not the `24/7` behind. */
const ACCOUNT = String.raw`(?<it>\d{8,19}|\d{2,6}(?<sep> - |[ .-])\d{2,6}(?:\k<sep>\d{1,6}){0,5})(?!\d|\/\d)`;

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
    // The last label of a domain is ASCII or of a script that is not Latin: `xóm.vn.Tôi` ends with `vn`.
    pattern:
      /(?<![\p{L}\p{M}\d._%+-])(?<it>(?:[\p{L}\d][\p{L}\p{M}\d._%+-]{0,63}@(?:[\p{L}\p{M}\d-]{1,63}\.){1,4}|[a-z\d][a-z\d._%+-]{0,63}(?:\s?[([{]\s?(?:a|at|@)\s?[)\]}]\s?|\s?@\s)(?:[a-z\d-]{1,63}(?:\.|\s?[([{](?:dot|\.|chấm)[)\]}]\s?)){1,4}|[a-z\d][a-z\d._%+-]{0,63}@(?:[a-z\d-]{1,63}\s?[([{](?:dot|\.|chấm)[)\]}]\s?){1,4})(?:xn--[a-z\d-]{2,59}|[a-z]{1,24}|(?:(?!\p{Script=Latin})\p{L}){2,24}))(?![\p{L}\d])/giu,
    sign: /@|[([{]\s?(?:a|at)\s?[)\]}]/i,
    opens: /@|[([{](?:a|at)[)\]}]/,
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
    isOne: ({ before }) => !isPhoneNext(before),
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
      String.raw`(?<![\p{L}])(?:số tài khoản|tài khoản (?:ngân hàng|số|nhận|cá nhân)|chuyển khoản (?:vào|qua|tới|đến)(?= (?:số )?\d)|STK|số TK|TK|account (?:number|no\.?))${GAP}${ACCOUNT}`,
      'giu',
    ),
    isOne: isAccount,
  },
  {
    // Accountants number their accounts as well, with fewer digits.
    kind: 'bank_account',
    level: 'basic',
    tag: '[TAIKHOAN]',
    pattern: new RegExp(String.raw`(?<![\p{L}])tài khoản${GAP}${ACCOUNT}`, 'giu'),
    isOne: (found) => digitsOf(found.it).length > 8 && !found.it.includes('.') && isAccount(found),
  },
  {
    kind: 'phone',
    level: 'basic',
    tag: '[SODIENTHOAI]',
    pattern: MOBILE_PATTERN,
    opens: /\d{3}\/\d{3}/,
    isOne: isMobile,
  },
  { kind: 'phone', level: 'strict', tag: '[SODIENTHOAI]', pattern: LANDLINE_PATTERN, isOne: isLandline },
  {
    kind: 'plate',
    level: 'strict',
    tag: '[BIENSO]',
    pattern:
      /(?<![\p{L}\d./-])(?<it>[1-9]\d ?-?[A-HK-NPSTUVXYZ][A-HK-NPSTUVXYZ\d]?[ -]\d{3}\.\d{2}|(?<=(?:[Bb]iển (?:kiểm soát|số)|BKS|BS|[Xx]e)[^\d\n]{0,20})[1-9]\d ?-?[A-HK-NPSTUVXYZ][A-HK-NPSTUVXYZ\d]?[ -]?\d{4,5})(?![\p{L}\d]|\.\d)/gu,
    opens: /\d\d[ -]{0,2}[A-Z][A-Z\d]?[ -]?\d{3}/,
  },
  {
    kind: 'ip',
    level: 'basic',
    tag: '[DIACHIIP]',
    pattern: ADDRESS_PATTERN,
    opens: /\d\.\d{1,3}\.\d{1,3}\.\d/,
    isOne: isAddress,
  },
  {
    kind: 'ip',
    level: 'basic',
    tag: '[DIACHIIP]',
    pattern: ADDRESS6_PATTERN,
    opens: /[23][\da-f]{3}:[\da-f]{0,4}:/,
    isOne: isAddress6,
  },
];

/** Pictures for dense screens (`logo@2x.png`) and the user of code hosts look like addresses. */
function isEmail({ it: found }: Found): boolean {
  if (/^git@|\.(?:png|jpe?g|gif|webp|avif|svg|ico|js|css|json|mp[34]|pdf)$/i.test(found)) return false;
  return found.includes('@') || /(?:\.|dot[\])]\s?)(?:com|vn|net|org|edu|gov|info|biz)$/i.test(found);
}

function isCitizenId({ it: found, before }: Found): boolean {
  if (/(?<!\p{L})(?:S?TK|tài khoản)[^\d\n]{0,16}$/iu.test(before)) return false;
  const digits = digitsOf(found);
  const century = Number(digits[3]);
  return PROVINCES.has(digits.slice(0, 3)) && (century <= 1 || (century <= 3 && Number(digits.slice(4, 6)) <= 30));
}

/** No amount (thousands with dots or spaces, a unit of money behind them), no phone number that the words before it name. */
function isAccount({ it, before, behind }: Found): boolean {
  if (isPhoneNext(before) || UNIT.test(behind) || /^(?:[a-z]|[.,]\d)/.test(behind)) return false;
  // Debit and credit: the number of a ledger's account, then the amount.
  if (/(?:Nợ|Có)\s\p{L}+\s$/u.test(before) && /^\d{3,5}(?: \d{1,3})(?: \d{3})+$/.test(it)) return false;
  if (!/^[1-9]\d{0,2}(?:[ .]\d{3})+$/.test(it)) return true;
  return /(?:(?:số|là|khoản|TK|no\.?)[\s.]{0,2}|:\s?)$/iu.test(before);
}

function isTaxCode({ it: found }: Found): boolean {
  const digits = digitsOf(found);
  const sum = TAX_WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  return 10 - (sum % 11) === Number(digits[9]);
}

export interface Masked {
  readonly text: string;
  /** How many of each kind were replaced; kinds without any are left out. */
  readonly counts: Partial<Record<PersonalKind, number>>;
}

const SIX_DIGITS = /\d(?:[ .()~\u00a0\u2007\u2009\u202f\u2010\u2011\u2015\u2212\u223c–-]{0,3}\d){5}/;

/** What a line must hold before any rule is tried. */
const CANDIDATE = new RegExp(
  [SIX_DIGITS, ...RULES.flatMap(({ opens }) => opens ?? [])].map(({ source }) => source).join('|'),
  'gi',
);

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
    for (const rule of rules) line = maskRule(line, rule);
    return line;
  }

  function maskRule(line: string, { kind, tag, pattern, sign, isOne }: Rule): string {
    if (sign !== undefined && !sign.test(line)) return line;
    let out = '';
    let copied = 0;
    pattern.lastIndex = 0;
    for (let hit = pattern.exec(line); hit !== null; hit = pattern.exec(line)) {
      const it = hit.groups!.it;
      const at = hit.index + hit[0].lastIndexOf(it);
      const end = at + it.length;
      const before = line.slice(Math.max(0, at - NEARBY), at);
      if (isOne !== undefined && !isOne({ it, before, behind: line.slice(end, end + NEARBY) })) {
        // Another may begin inside what is none.
        pattern.lastIndex = hit.index + 1;
        continue;
      }
      counts[kind] = (counts[kind] ?? 0) + 1;
      onFound?.(kind, it);
      out += line.slice(copied, at) + tag;
      copied = end;
    }
    return copied === 0 ? line : out + line.slice(copied);
  }
}
