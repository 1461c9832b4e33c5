/** Figures, times and names as people read them, in the language of the page. */
import type { Tongue } from '../view.ts';

export const TONGUES = ['vi', 'en'] as const;
const CHOSEN = 'vua-tongue';

/** The one that was chosen, else the browser's. */
export function tongueOf(): Tongue {
  const chosen = remembered(CHOSEN);
  if (chosen === 'vi' || chosen === 'en') return chosen;
  return navigator.languages.some((name) => /^vi\b/i.test(name)) ? 'vi' : 'en';
}
export const rememberTongue = (tongue: Tongue): void => remember(CHOSEN, tongue);

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a browser may forbid it
  }
}
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // then it is not kept
  }
}

export function wordsIn(tongue: Tongue) {
  const locale = tongue === 'vi' ? 'vi-VN' : 'en-GB';
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  return {
    tongue,
    say: (en: string, vi: string): string => (tongue === 'vi' ? vi : en),
    count: (value: number): string => whole.format(value),
    figure: (value: number | null | undefined): string => {
      if (!isNumber(value)) return '–';
      return Number.isInteger(value) && Math.abs(value) >= 1000 ? whole.format(value) : three.format(value);
    },
    bytes: (value: number): string => {
      const units = ['B', 'kB', 'MB', 'GB', 'TB'];
      let [left, unit] = [value, 0];
      for (; left >= 1000 && unit < units.length - 1; unit++) left /= 1000;
      return `${unit === 0 ? whole.format(left) : three.format(left)} ${units[unit]}`;
    },
    percent: (of: number): string => (isNumber(of) ? share.format(of) : '–'),
    time: (iso: string): string => (Number.isNaN(Date.parse(iso)) ? iso : moment.format(new Date(iso))),
  };
}
