/** Numbers of made-up people in every spelling, from one seed: what planted.ts plants. */

let state = 20_260_101;

/** Mulberry32: 0 ≤ x < 1. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

export const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
export const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
export const digits = (n: number): string => Array.from({ length: n }, () => whole(0, 9)).join('');
export const padded = (n: number, width: number): string => String(n).padStart(width, '0');

/** `cut('0912345678', [4, 3, 3], '.')` = `0912.345.678`. */
export function cut(number: string, sizes: readonly number[], separator: string): string {
  const groups: string[] = [];
  let at = 0;
  for (const size of sizes) {
    groups.push(number.slice(at, at + size));
    at += size;
  }
  return groups.join(separator);
}

const MOBILE = '032 035 039 052 056 058 059 070 077 079 081 086 089 090 091 093 094 096 097 098 099'.split(' ');
const OLD_MOBILE = '0120 0121 0122 0123 0124 0125 0126 0127 0128 0129 0162 0163 0165 0168 0169 0186 0188 0199'.split(
  ' ',
);
const SEPARATORS = ['~', '', ' ', '.', '-', '\u00a0', '–', '\u2011', '\u2212', ' - ', ' – ', '. ', '/', '  ', '\u2009'];

export function mobileSpellings(): string[] {
  const national = () => pick(MOBILE) + digits(7);
  const out = SEPARATORS.flatMap((separator) =>
    [
      [4, 3, 3],
      [3, 3, 4],
      [3, 4, 3],
      [4, 2, 2, 2],
      [4, 6],
    ].map((sizes) => cut(national(), sizes, separator)),
  );
  for (const prefix of ['+84', '+84 ', '(+84)', '(+84) ', '0084', '0084 ', '+84.', '+84-', '84 ', '+84 (0)', '(84) '])
    for (const [sizes, separator] of [
      [[9], ''],
      [[3, 3, 3], ' '],
      [[2, 3, 4], '.'],
      [[3, 3, 3], '-'],
      [[2, 3, 2, 2], ' '],
    ] as const)
      out.push(prefix + cut(national().slice(1), sizes, separator));
  for (const open of [3, 4])
    for (const separator of [' ', '.', '-', '']) {
      const number = national();
      out.push(`(${number.slice(0, open)}) ${cut(number.slice(open), open === 3 ? [3, 4] : [3, 3], separator)}`);
      out.push(`(${number.slice(0, open)})${cut(number.slice(open), open === 3 ? [3, 4] : [3, 3], separator)}`);
    }
  return out;
}

export function oldMobileSpellings(): string[] {
  const national = () => pick(OLD_MOBILE) + digits(7);
  return ['', ' ', '.', '-', '\u00a0', '–'].flatMap((separator) =>
    [
      [4, 3, 4],
      [5, 3, 3],
      [4, 4, 3],
    ].map((sizes) => cut(national(), sizes, separator)),
  );
}

export function landlineSpellings(): string[] {
  const out: string[] = [];
  for (const [area, subscriber] of [
    ['028', `38${digits(6)}`],
    ['024', `37${digits(6)}`],
    ['0236', `38${digits(5)}`],
    ['0292', `37${digits(5)}`],
    ['0254', `35${digits(5)}`],
    ['08', `38${digits(6)}`],
    ['04', `39${digits(6)}`],
    ['0511', `38${digits(5)}`],
    ['0710', `37${digits(5)}`],
    ['064', `35${digits(5)}`],
    ['031', `38${digits(5)}`],
  ]) {
    const sizes = subscriber.length === 8 ? [4, 4] : [4, 3];
    out.push(`(${area}) ${cut(subscriber, sizes, ' ')}`, `${area}.${cut(subscriber, sizes, '.')}`);
    out.push(`${area} ${cut(subscriber, sizes, ' ')}`, `${area}-${subscriber}`, `(${area})${subscriber}`);
    out.push(
      `+84 ${area.slice(1)} ${cut(subscriber, sizes, ' ')}`,
      `(84-${area.slice(1)}) ${cut(subscriber, sizes, '.')}`,
    );
  }
  return out;
}

const SMALL_WORDS = ['lanh', 'tam', 'bay', 'hop.tac', 'ben_song', 'ca-phe', 'vuon99', 'thu+moi', 'Ba.Tu'];

const DOMAINS =
  'example.com example.vn mail.example.com.vn vườn-nhà.example xóm.vn tiệmsách.com.vn xn--vn-nha-jua.vn example.museum 例え.jp bücher.example'.split(
    ' ',
  );

export function emailSpellings(): string[] {
  return DOMAINS.flatMap((domain) => SMALL_WORDS.map((name) => `${name}@${domain}`)).concat(
    SMALL_WORDS.flatMap((name) =>
      ['(a)', ' (at) ', '[at]', '(@)', ' [a] ', ' @ '].map((at) => `${name.replace('+', '')}${at}example.com`),
    ),
  );
}

export const citizen = (): string =>
  `${pick(['001', '024', '030', '036', '048', '060', '072', '079', '087', '092', '096'])}${pick(['0', '1', '2', '3'])}${padded(whole(0, 25), 2)}${digits(6)}`;

/** No address of a house (10.…, 192.168.…): those stand in the lines without. With `thousands` it looks like an amount. */
export function address(thousands: boolean): string {
  const last = () => (thousands ? whole(100, 255) : pick([whole(1, 9), whole(10, 99), whole(100, 255)]));
  const first = pick([14, 27, 42, 58, 103, 113, 115, 118, 123, 171, 203, 210, 222]);
  return thousands ? `${first}.${last()}.${last()}.${last()}` : `${first}.${last()}.${last()}.${whole(1, 99)}`;
}

/** Check digit by the weights 31, 29, 23, 19, 17, 13, 7, 5, 3. */
export function taxCode(): string {
  for (;;) {
    const nine = pick(['01', '03', '31', '80', '18', '60']) + digits(7);
    const sum = [31, 29, 23, 19, 17, 13, 7, 5, 3].reduce((total, weight, i) => total + weight * Number(nine[i]), 0);
    const check = 10 - (sum % 11);
    if (check >= 0 && check < 10) return nine + check;
  }
}

export const plain = (number: string): string => number;
export const spread = (number: string): string =>
  pick([
    plain(number),
    cut(number, [4, 4, 4, 4, 4], ' ').trim(),
    cut(number, [3, 3, 3, 3, 3, 3], '.').replace(/\.+$/, ''),
    cut(number, [4, 4, 4, 4], '-').replace(/-+$/, ''),
  ]);
