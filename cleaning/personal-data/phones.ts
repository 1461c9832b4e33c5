/**
 * Phone numbers of Vietnam as people write them: `0912345678`, `(091) 234 5678`, `+84–912–345–678`, `0912. 345. 678`.
 * A pattern finds digits with separators; what decides is the number's own form (the numbering plan), how it is grouped,
 * and what stands beside it: a list of small numbers, an amount, a longer number and a book's number are none.
 * Numbering plan: Circular 22/2014/TT-BTTTT; mobiles of eleven digits were in use until September 2018, the old area
 * codes until June 2017.
 */

/** A piece that a pattern found, with what stands on both sides of it in its line (at most {@link NEARBY} characters). */
export interface Found {
  readonly it: string;
  readonly before: string;
  readonly behind: string;
}

/** How far a rule looks to each side, in UTF-16 units. */
export const NEARBY = 48;

export const digitsOf = (text: string): string => text.replace(/\D/g, '');

const SPACE = String.raw`[ \u00a0\u2007\u2009\u202f]`;
const MARK = String.raw`[.\-/~–\u2010\u2011\u2212\u2015\u223c]`;
/** Between two digits of one number: nothing, up to two spaces, or a mark that may stand between spaces. */
const SEPARATOR = `(?:${SPACE}{1,2}(?:${MARK}${SPACE}?)?|${MARK}${SPACE}?)?`;
const COUNTRY = String.raw`(?:\(?(?:\+|00)84\)?|\(84\)|84)${SEPARATOR}(?:\(0\)${SPACE}?)?`;

/** Nine digits behind the 0, or ten as before September 2018. */
export const MOBILE_PATTERN = new RegExp(
  String.raw`(?<!\d)(?<it>(?:${COUNTRY}|\(?0${SPACE}?)(?:[35789](?:\)?${SEPARATOR}\d){8}|1(?:\)?${SEPARATOR}\d){9}))(?!\d)`,
  'gu',
);
/** A landline: area code and subscriber, nine or ten digits behind the 0. */
export const LANDLINE_PATTERN = new RegExp(
  String.raw`(?<!\d)(?<it>(?:\((?:\+|00)?84[ .-]|${COUNTRY}|\(?0)[2-8](?:\)?${SEPARATOR}\d){8,9})(?!\d)`,
  'gu',
);

const MOBILE = /^(?:(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}|1(?:2\d|6[2-9]|8[68]|99)\d{7})$/;
const LANDLINE = /^2\d{9}$/;
/** Area codes of before June 2017, and their subscribers. */
const OLD_AREA =
  /^(?<area>[48](?=[2-8]\d{7}$)|(?:2[025-79]|3[0136-9]|5[2-9]|6[0-46-8]|7[02-79]|2[13489]\d|3[25]\d|5[01]\d|65\d|71\d|78\d)(?=[2-8]\d{6}$))/;

/** Words that say that a phone number follows. */
const PHONE_WORD =
  /(?<!\p{L})(?:S?[ĐD]T|điện thoại|di động|gọi|nhắn(?: tin)?|alo|hot ?line|zalo|viber|whatsapp|wa\.me|tel|phone|mobile|cell|fax|liên (?:hệ|lạc)|LH)[^\d\n]{0,16}$/iu;
/** Words that say that the number is another. */
const OTHER_WORD =
  /(?:(?:ISBN|ISSN|OCLC|PMID|DOI)[^\n]{0,12}|(?:MST|mã (?:số|đơn|vận đơn|hàng|khách|vạch)|hóa đơn|hoá đơn|hợp đồng|biên lai|biên nhận|công văn)[^\d\n]{0,24})$/iu;
export const AMOUNT_WORD =
  /(?<!\p{L})(?:tổng|vốn|tiền|giá|phí|thầu|đạt|khoảng|hơn|gần|thu|chi|lãi|nợ|trị|dân số)(?!\p{L})[^\d\n]{0,16}$/iu;
export const UNIT =
  /^[\s\u00a0]?(?:đ|đồng|vnđ|vnd|usd|triệu|tỷ|tỉ|nghìn|ngàn|%|km|kg|m2|m²|tấn|ha|lượt|người|đô la|euro)(?![\p{L}\d])/iu;

export const isPhoneNext = (before: string): boolean => PHONE_WORD.test(before);

/** Digits behind the 0 or the country's 84. */
const nationalOf = (found: string): string => digitsOf(found).replace(/^(?:0084|84)0?|^0/, '');

/** What the digits are grouped in, with the separators between, the country's 84 apart: `0912 345-678` = 4, 3, 3. */
function groupsOf(found: string): { sizes: number[]; separators: string[] } {
  const national = found
    .replace(/^\(?(?:\+|00)?84(?!\d{0,7}$)\)?[^\d(]*(?:\(0\))?/, '')
    .replace(/[()]/g, '')
    .replace(/^0\s(?=\d{2})/, '0')
    .trim();
  const sizes = national.split(/\D+/).map((group) => group.length);
  return { sizes, separators: (national.match(/\D+/g) ?? []).map((between) => between.trim()) };
}

/** Whether the digits are grouped as one number is: a list of small numbers, a date and a time are not. */
function isGroupedAsOne({ it, before, behind }: Found): boolean {
  if ((it.match(/\(/g) ?? []).length !== (it.match(/\)/g) ?? []).length) return false;
  const { sizes, separators } = groupsOf(it);
  if (sizes.length === 1) return true;
  const smallest = Math.min(...sizes);
  if (smallest === 1 && !(isPhoneNext(before) && separators.every((one) => one === separators[0]))) return false;
  if (smallest < 3 && new Set(separators).size > 1) return false;
  // 08/12/2012 and so on.
  if (smallest < 3 && separators.includes('/') && !isPhoneNext(before)) return false;
  // A date with what follows it, and drawn numbers, which go on as they began.
  if (sizes.join().startsWith('2,2,4')) return false;
  if (/^0\d\D/.test(it) && /(?<!\d)\d{1,2}[ .,-]{1,2}$/.test(before)) return false;
  if (
    sizes.at(-1) === 2 &&
    /^[ .,-]{1,2}\d{1,2}(?!\d)/.test(behind) &&
    (Math.max(...sizes) === 2 || !isPhoneNext(before))
  )
    return false;
  return true;
}

/** Whether what stands beside the number leaves it one: no longer number, no amount, no name of a file. */
function standsAlone({ it, before, behind }: Found): boolean {
  if (/^[a-z\d]|^\.(?:html?|php|aspx?|jpe?g|png|gif|pdf|mp[34])(?![a-z])/.test(behind)) return false;
  if (/^[.,]\d/.test(behind) && !/^[.,](?:\(?\+84|0\d\d)/.test(behind)) return false;
  if (UNIT.test(behind) || OTHER_WORD.test(before)) return false;
  if (isPhoneNext(before)) return true;
  if (/\p{L}_?$|[a-z]-$|https?:\/\/\S*$/u.test(before)) return false;
  // Behind another number (0987654321-…) or a district (Q.10-…) it is no part of a longer one.
  if (/\d[.,+-]$/.test(before) && !/(?:(?:\d[ .-]?){9}|\p{L}\.?\d{1,2})[.,+-]$/u.test(before)) return false;
  return !(/^84/.test(it) && AMOUNT_WORD.test(before));
}

/** The old area code that is written apart from the rest: `(08) 3822 1234`, `0511 3822 123`. */
function hasOldArea(found: string): boolean {
  const area = OLD_AREA.exec(nationalOf(found))?.groups?.area;
  return area !== undefined && new RegExp(String.raw`^\D*(?:(?:00)?84\D*)?0?${area}\D`).test(found);
}

export function isMobile(found: Found): boolean {
  if (!MOBILE.test(nationalOf(found.it)) || !isGroupedAsOne(found) || !standsAlone(found)) return false;
  // (08) 3822 1234 was a landline of Ho Chi Minh City.
  return !(/^\D*(?:84\D*)?0?8\D/.test(found.it) && hasOldArea(found.it));
}

export function isLandline(found: Found): boolean {
  if (!LANDLINE.test(nationalOf(found.it)) && !hasOldArea(found.it)) return false;
  const { sizes } = groupsOf(found.it);
  if (/[/]/.test(found.it) || (Math.max(...sizes) === 2 && sizes.length > 1)) return false;
  return standsAlone(found);
}
