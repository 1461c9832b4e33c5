/** A profile as tables for people. */
import { SCORED_MEASUREMENTS } from '../cleaning/document.ts';
import { formatBytes, formatCount, formatSparkline, formatTable } from '../crawlers/shell/reporter.ts';
import type { Amount, Profile } from './documents/profile.ts';
import { SHARES } from './documents/profile.ts';

/** Rows of a table where not all are asked for. */
const SHOWN = 10;
/** Measurements shown then. */
const CELLS = 12;
/** Of what came without one. */
const UNDATED = '1970-01-01';
/** Days of a line of them at most. */
const DAYS = 60;
const MAIN = ['bytes', 'syllables', 'mean_syllable_length', 'diacritic_ratio', 'language_score', 'dup_line_frac'];
/** Where a scorer was asked, what it says. */
const IS_SHOWN: ReadonlySet<string> = new Set([...MAIN, ...SCORED_MEASUREMENTS]);

/** Files of a folder stand together where they are many; web hosts as they are. */
function byFolder(hosts: ReadonlyMap<string, Amount>): ReadonlyMap<string, Amount> {
  const isFile = (name: string): boolean => name.startsWith('file:');
  if ([...hosts.keys()].filter(isFile).length <= SHOWN) return hosts;
  const together = new Map<string, Amount>();
  for (const [name, { documents, bytes }] of hosts) {
    const place = isFile(name) ? name.replace(/[^/]*$/, '') : name;
    const known = together.get(place) ?? { documents: 0, bytes: 0 };
    together.set(place, { documents: known.documents + documents, bytes: known.bytes + bytes });
  }
  return together;
}

export function formatProfile(profile: Profile, all: boolean): string {
  const { days, hosts, measurements, documents } = profile;
  const amounts = (title: string, named: readonly (readonly [string, Amount])[]): string => {
    const shown = all ? named : named.slice(0, SHOWN);
    const rows = shown.map(([name, amount]) => [
      ...[name, formatCount(amount.documents), `${((100 * amount.documents) / documents).toFixed(1)} %`],
      formatBytes(amount.bytes),
    ]);
    const more = named.length > shown.length ? [[`… ${formatCount(named.length - shown.length)} more (--all)`]] : [];
    return formatTable([[title, 'documents', 'share', 'text'], ...rows, ...more]);
  };
  const byDay = [...days].sort(([a], [b]) => (a < b ? 1 : -1));
  const byHost = [...(all ? hosts : byFolder(hosts))].sort(([, a], [, b]) => b.documents - a.documents);
  const chosen = [...measurements].filter(([name]) => all || IS_SHOWN.has(name));
  const quantiles = [0, 0.05, 0.5, 0.95, 1];
  const rows = chosen.map(([name, sketch]) => [
    name,
    figure(sketch.mean),
    ...quantiles.map((share) => figure(sketch.quantile(share))),
    formatSparkline(sketch.shape(CELLS)),
  ]);
  const shares = SHARES.map((name) => {
    const { count, of } = profile.shares[name];
    return [name, formatCount(count), of === 0 ? '–' : `${((100 * count) / of).toFixed(1)} %`];
  });
  return [
    amounts(
      'day',
      byDay.map(([day, amount]) => [day === UNDATED ? 'no date' : day, amount]),
    ),
    ...overDays(byDay),
    amounts('host', byHost),
    formatTable([['pages, new and dropped', '', 'share'], ...shares]),
    formatTable([['measurement', 'mean', 'least', '5 %', 'median', '95 %', 'most', '5 % to 95 %'], ...rows]),
  ].join('\n\n');
}

/** Where there are some days: a bar for each that has documents, the oldest first. */
function overDays(newestFirst: readonly (readonly [string, Amount])[]): string[] {
  const dated = newestFirst.filter(([day]) => day !== UNDATED);
  if (dated.length < 3) return [];
  const shown = dated.slice(0, DAYS).reverse();
  const part = dated.length > DAYS ? `, the last ${DAYS} of ${formatCount(dated.length)} days` : '';
  const bars = formatSparkline(shown.map(([, { documents }]) => documents));
  return [`${shown[0][0]} ${bars} ${dated[0][0]}: documents of a day${part}`];
}

const figure = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '–');
