/**
 * Which addresses of a host a crawl is for, where that is not all of it: patterns as robots.txt has them, `*` for any
 * characters and `$` for the end, behind the name of the host. The longest that matches decides; a host with something
 * allowed is closed otherwise.
 *
 *   vi.wikipedia.org/wiki/      voz.vn/t/*        vnexpress.net/*.html$
 */
import { canonicalHost, hostOf } from '../links/url.ts';
import { badInput } from '../shell/errors.ts';
import { mostSpecific, type Pattern, parsePattern, pathOf } from './robots.ts';

interface Rule {
  readonly allow: boolean;
  readonly pattern: Pattern;
}

/** @throws ToolkitError BAD_HOST (exit 2) */
export function pathRules(allowed: readonly string[], denied: readonly string[]): (url: string) => boolean {
  const hosts = new Map<string, Rule[]>();
  const take = (text: string, allow: boolean): void => {
    const [, name = '', path] = /^([^/]+)(\/.*)$/.exec(text) ?? [];
    const host = canonicalHost(name);
    if (host === undefined || path === undefined) {
      const fact = `path ${JSON.stringify(text)}: expected the name of a host and a path behind it`;
      throw badInput('BAD_HOST', fact, 'for example vi.wikipedia.org/wiki/');
    }
    hosts.set(host, [...(hosts.get(host) ?? []), { allow, pattern: parsePattern(path) }]);
  };
  for (const text of allowed) take(text, true);
  for (const text of denied) take(text, false);
  if (hosts.size === 0) return () => true;
  return (url) => {
    const rules = hosts.get(hostOf(url));
    if (rules === undefined) return true;
    const deciding = mostSpecific(rules, pathOf(url));
    return deciding.length > 0 ? deciding.some(({ allow }) => allow) : !rules.some(({ allow }) => allow);
  };
}
