/**
 * The Vietnamese lunisolar calendar at 105° E (UTC+7): months begin on the day of the new moon, the eleventh holds the
 * winter solstice, a year of thirteen repeats the first month without a major solar term. Positions of sun and moon after
 * Meeus, Astronomical Algorithms (1998), with the terms that Hồ Ngọc Đức's tables of the calendar use; exact to minutes,
 * 1900–2199.
 */

const CAN = ['Giáp', 'Ất', 'Bính', 'Đinh', 'Mậu', 'Kỷ', 'Canh', 'Tân', 'Nhâm', 'Quý'];
const CHI = ['Tý', 'Sửu', 'Dần', 'Mão', 'Thìn', 'Tỵ', 'Ngọ', 'Mùi', 'Thân', 'Dậu', 'Tuất', 'Hợi'];
const ANIMALS = ['chuột', 'trâu', 'hổ', 'mèo', 'rồng', 'rắn', 'ngựa', 'dê', 'khỉ', 'gà', 'chó', 'lợn'];

/** Name of the lunar year that begins in a solar one: 2027 → Đinh Mùi. */
export const canChiOf = (year: number): string => `${CAN[mod(year + 6, 10)]} ${CHI[mod(year + 8, 12)]}`;
/** Its animal: 2027 → dê. */
export const animalOf = (year: number): string => ANIMALS[mod(year + 8, 12)];
/** Every name of a year, from Giáp Tý on. */
export const CAN_CHI: readonly string[] = Array.from({ length: 60 }, (_, at) => canChiOf(1984 + at));

export interface LunarDate {
  readonly day: number;
  readonly month: number;
  /** Solar year in which the lunar one begins. */
  readonly year: number;
  readonly leap: boolean;
}

/** First day of the lunar year, as `2027-02-06`. */
export const tetOf = (year: number): string => solarOf({ day: 1, month: 1, year, leap: false });

/** Solar date (`2027-02-06`) of a lunar one. */
export function solarOf({ day, month, year, leap }: LunarDate): string {
  const [from, next] = month >= 11 ? [year, year + 1] : [year - 1, year];
  const [eleventh, following] = [eleventhMonth(from), eleventhMonth(next)];
  const first = Math.floor(0.5 + (eleventh - EPOCH) / MONTH);
  let off = mod(month - 11, 12);
  if (following - eleventh > 365) {
    const repeated = leapOffset(eleventh); // of the second of two months with one number
    if (leap || off >= repeated) off++;
  }
  return dateOf(newMoonDay(first + off) + day - 1);
}

const MONTH = 29.530588853;
const EPOCH = 2415021.076998695;
/** UTC+7, in days. */
const ZONE = 7 / 24;
const RADIAN = Math.PI / 180;
const sine = (degrees: number): number => Math.sin(degrees * RADIAN);

/** Julian day of the k-th new moon since 1900-01-01, in UTC. */
function newMoon(k: number): number {
  const T = k / 1236.85;
  const [T2, T3] = [T * T, T * T * T];
  const mean = 2415020.75933 + 29.53058868 * k + 0.0001178 * T2 - 0.000000155 * T3;
  const sun = 359.2242 + 29.10535608 * k - 0.0000333 * T2 - 0.00000347 * T3;
  const moon = 306.0253 + 385.81691806 * k + 0.0107306 * T2 + 0.00001236 * T3;
  const node = 21.2964 + 390.67050646 * k - 0.0016528 * T2 - 0.00000239 * T3;
  const correction =
    0.00033 * sine(166.56 + 132.87 * T - 0.009173 * T2) +
    (0.1734 - 0.000393 * T) * sine(sun) +
    0.0021 * sine(2 * sun) -
    0.4068 * sine(moon) +
    0.0161 * sine(2 * moon) -
    0.0004 * sine(3 * moon) +
    0.0104 * sine(2 * node) -
    0.0051 * sine(sun + moon) -
    0.0074 * sine(sun - moon) +
    0.0004 * sine(2 * node + sun) -
    0.0004 * sine(2 * node - sun) -
    0.0006 * sine(2 * node + moon) +
    0.001 * sine(2 * node - moon) +
    0.0005 * sine(2 * moon + sun);
  const clock = T < -11 ? 0.001 + 0.000839 * T + 0.0002261 * T2 : -0.000278 + 0.000265 * T + 0.000262 * T2;
  return mean + correction - clock;
}

const newMoonDay = (k: number): number => Math.floor(newMoon(k) + 0.5 + ZONE);

/** Which of the twelve major terms (30° of the sun's longitude each) holds at local midnight of a Julian day. */
function majorTerm(day: number): number {
  const T = (day - 2451545.5 - ZONE) / 36525;
  const mean = 280.46645 + 36000.76983 * T + 0.0003032 * T * T;
  const anomaly = 357.5291 + 35999.0503 * T - 0.0001559 * T * T - 0.00000048 * T * T * T;
  const centre =
    (1.9146 - 0.004817 * T - 0.000014 * T * T) * sine(anomaly) +
    (0.019993 - 0.000101 * T) * sine(2 * anomaly) +
    0.00029 * sine(3 * anomaly);
  return Math.floor(mod(mean + centre, 360) / 30);
}

/** Day on which the eleventh month of the year begins. */
function eleventhMonth(year: number): number {
  const k = Math.floor((dayOf(year, 12, 31) - 2415021) / MONTH);
  const start = newMoonDay(k);
  return majorTerm(start) >= 9 ? newMoonDay(k - 1) : start;
}

/** Months behind the eleventh at which the repeated one stands. */
function leapOffset(eleventh: number): number {
  const k = Math.floor((eleventh - EPOCH) / MONTH + 0.5);
  let [at, last, term] = [1, -1, majorTerm(newMoonDay(k + 1))];
  do {
    last = term;
    term = majorTerm(newMoonDay(k + ++at));
  } while (term !== last && at < 14);
  return at - 1;
}

const dayOf = (year: number, month: number, day: number): number =>
  Math.round(Date.UTC(year, month - 1, day) / 86_400_000 + 2440588);
const dateOf = (julianDay: number): string => new Date((julianDay - 2440588) * 86_400_000).toISOString().slice(0, 10);

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
