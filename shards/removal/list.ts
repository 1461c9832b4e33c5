/**
 * OUT/removed.jsonl: what was taken down, a line for each time. By address, host, id and by text it is refused from then
 * on: `vua crawl` does not fetch it, cleaning keeps nothing of it, and no snapshot shows it again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Removed } from '../../cleaning/clean.ts';
import { isNamedBy, namedAddress, REMOVED_FILE, type RemovedNames, removedNames, urlOf } from '../../crawlers/page.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonLines, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../checksum.ts';

/** A line. */
export interface Removal extends Removed {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly reason: string;
  /** Addresses at which its texts stood beside: what the archive has of them until then goes too. */
  readonly copies: readonly string[];
}

const listPath = (out: string): string => join(out, REMOVED_FILE);

/** `undefined` where nothing was ever taken down. @throws ToolkitError BAD_JSON (exit 2) */
export function removedFrom(out: string): Removed | undefined {
  const lines = readJsonLines<Removal>(listPath(out));
  return lines.length === 0 ? undefined : together(lines);
}

export const together = (lines: readonly Removed[]): Removed => ({
  ...removedNames(lines),
  texts: lines.flatMap(({ texts }) => texts),
});

/** Whether a record of the archive must go. @throws ToolkitError BAD_JSON (exit 2) */
export function archiveRule(out: string): (address: string, fetchedAt: string) => boolean {
  const lines = readJsonLines<Removal>(listPath(out));
  const isNamed = isNamedBy(together(lines));
  const until = new Map(lines.flatMap(({ copies, time }) => copies.map((address) => [address, time] as const)));
  return (address, fetchedAt) => isNamed(address) || fetchedAt <= (until.get(address) ?? '');
}

/** What snapshots say that they were freed from. */
export const listChecksum = (out: string): string | undefined =>
  existsSync(listPath(out)) ? checksumOf(readFileSync(listPath(out))) : undefined;

/** Adds to the list what it does not have. Durable when it returns; whether anything was new. */
export function addToList(out: string, removal: Removal): boolean {
  const lines = readJsonLines<Removal>(listPath(out));
  const known = together(lines);
  const exact = new Set(known.texts.map((text) => text.exact));
  const isNew = (name: keyof RemovedNames) => (entry: string) => !known[name].includes(entry);
  const copies = new Set(lines.flatMap((line) => line.copies));
  const news: Removal = {
    ...removal,
    addresses: removal.addresses.filter(isNew('addresses')),
    hosts: removal.hosts.filter(isNew('hosts')),
    ids: removal.ids.filter(isNew('ids')),
    copies: removal.copies.filter((address) => !copies.has(address)),
    texts: removal.texts.filter((text) => !exact.has(text.exact) && exact.add(text.exact)),
  };
  if (news.addresses.length + news.hosts.length + news.ids.length + news.texts.length + news.copies.length === 0)
    return false;
  writeFileAtomic(listPath(out), [...lines, news].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return true;
}

/** `com.vn`, `co.uk`: names below which everybody's sites stand. */
const EVERYBODYS = /^(?:(?:com|net|org|edu|gov|ac|co)\.[a-z]{2}|(?:biz|info|name|pro|health|int|id|io|ai)\.vn)$/;

/**
 * What was asked for: a URL by its scheme or by the path behind a host, a host by its dot, and whatever else an id; a name
 * with a dot may be both.
 * @throws ToolkitError BAD_OPTION (exit 2) for a name below which everybody's sites stand
 */
export function namesOf(asked: readonly string[]): RemovedNames {
  const hosts = asked.flatMap((name) => {
    const host = /^[^\s/:#?]+\.[^\s/:#?]+$/.test(name) ? urlOf(`http://${name}`)?.hostname : undefined;
    return host === undefined ? [] : [host.replace(/\.$/, '')];
  });
  const wide = hosts.find((host) => EVERYBODYS.test(host));
  if (wide !== undefined)
    throw badInput('BAD_OPTION', `${wide}: everybody's sites stand below it`, 'name hosts, URLs or ids');
  return {
    addresses: asked.flatMap((name) => namedAddress(name) ?? []),
    hosts,
    ids: asked.filter((name) => namedAddress(name) === undefined || !/^([a-z][a-z0-9+.-]*:)?\/\//i.test(name)),
  };
}
