/**
 * Parameters that name a visitor and not a page: `?s=…`, `;jsessionid=…`. A server that gets no cookie writes a fresh one
 * into all links of each answer, and every page has as many addresses as it was seen on. Such a parameter is known by
 * what it does, in values that look like tokens:
 *
 *   page 1   /t?s=5d41402a…&t=1   /t?s=5d41402a…&t=2      one value in all links of a page,
 *   page 2   /t?s=7b3c1f09…&t=1   /t?s=7b3c1f09…&t=2      another on the next, for the same addresses otherwise
 *
 * A name that is in use for this needs one such change, others three; a lone link says it only under names that mean
 * nothing else. Two pages whose addresses differ in it alone and whose texts differ speak against it for good.
 */
import { hostOf } from './url.ts';

const NAMES = /^(s|sid|ssid|sess|session|session_?id|cfid|cftoken)$/i;
const UNMISTAKABLE = /^(jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|oscsid|zenid|xtcsid)$/i;
const CHANGES = 3;
const TOKEN = /^((?=\D*\d)(?=[^a-z]*[a-z])[\w.!~]{16,}|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})$/i;
/** Addresses remembered of a parameter. */
const MOST = 5000;

interface Parameter {
  /** Address without it → the value that it was last linked with. */
  readonly linked: Map<string, string>;
  /** Address without it → what stood there. */
  readonly fetched: Map<string, string>;
  changes: number;
  isRefuted: boolean;
}

export class VisitorIds {
  readonly #dropped = new Map<string, Set<string>>();
  readonly #parameters = new Map<string, Parameter>();

  /** `known`: host and name of what earlier runs found. */
  constructor(known: readonly (readonly [host: string, name: string])[]) {
    for (const [host, name] of known) this.#drop(host, name);
  }

  /** The address without the visitor ids of its host. Takes and gives canonical URLs. */
  without(url: string): string {
    if (this.#dropped.size === 0) return url;
    const names = this.#dropped.get(hostOf(url));
    return names ? [...names].reduce(withoutParameter, url) : url;
  }

  /** A page was read. Returns host and name of each parameter that is dropped from now on. */
  observe(url: string, digest: string, links: readonly string[]): [host: string, name: string][] {
    this.#compare(url, digest);
    const found: [string, string][] = [];
    for (const { host, name, targets, bare } of parametersIn(links)) {
      if (this.#dropped.get(host)?.has(name)) continue;
      const parameter = this.#of(host, name);
      const values = new Set(targets.values());
      if (values.size > 1 || (targets.size < 2 && !UNMISTAKABLE.test(name))) continue;
      const linked = [...targets, ...bare];
      const hasChanged = linked.some(([target, value]) => (parameter.linked.get(target) ?? value) !== value);
      parameter.changes += Number(hasChanged);
      for (const [target, value] of linked) if (parameter.linked.size < MOST) parameter.linked.set(target, value);
      const needed = NAMES.test(name) || UNMISTAKABLE.test(name) ? 1 : CHANGES;
      if (parameter.isRefuted || parameter.changes < needed) continue;
      this.#drop(host, name);
      found.push([host, name]);
    }
    return found;
  }

  #compare(url: string, digest: string): void {
    for (const { host, name, targets } of parametersIn([url])) {
      const { fetched } = this.#of(host, name);
      for (const target of targets.keys()) {
        const before = fetched.get(target);
        if (before !== undefined && before !== digest) this.#of(host, name).isRefuted = true;
        if (fetched.size < MOST) fetched.set(target, digest);
      }
    }
  }

  #drop(host: string, name: string): void {
    this.#dropped.set(host, (this.#dropped.get(host) ?? new Set()).add(name));
  }

  #of(host: string, name: string): Parameter {
    const key = `${host} ${name}`;
    const known = this.#parameters.get(key);
    if (known) return known;
    const parameter = { linked: new Map(), fetched: new Map(), changes: 0, isRefuted: false };
    this.#parameters.set(key, parameter);
    return parameter;
  }
}

interface Linked {
  readonly host: string;
  readonly name: string;
  /** Addresses without it, and its values. */
  readonly targets: Map<string, string>;
  /** Addresses without any such parameter: of two that name the visitor both change. */
  readonly bare: Map<string, string>;
}

/** Parameters with tokens. */
function parametersIn(urls: readonly string[]): Linked[] {
  const found = new Map<string, Linked>();
  for (const url of urls) {
    const pairs = [...url.matchAll(/[?&;]([\w.]+)=([^&;/?]+)/g)].filter(([, , value]) => TOKEN.test(value!));
    if (pairs.length === 0) continue;
    const { hostname: host } = new URL(url);
    const bare = pairs.length === 1 ? undefined : pairs.reduce((rest, [, name]) => withoutParameter(rest, name!), url);
    for (const [, name, value] of pairs as unknown as [string, string, string][]) {
      const key = `${host} ${name}`;
      const entry = found.get(key) ?? { host, name, targets: new Map(), bare: new Map() };
      found.set(key, entry);
      entry.targets.set(withoutParameter(url, name), value);
      if (bare !== undefined) entry.bare.set(bare, value);
    }
  }
  return [...found.values()];
}

/** Without `name=value` of the query, and `;name=value` of the path. */
function withoutParameter(url: string, name: string): string {
  if (!url.includes(`${name}=`)) return url;
  const parsed = new URL(url);
  const isOther = (pair: string): boolean => !pair.startsWith(`${name}=`);
  parsed.search = parsed.search.slice(1).split('&').filter(isOther).join('&');
  parsed.pathname = parsed.pathname
    .split('/')
    .map((segment) =>
      segment
        .split(';')
        .filter((pair, i) => i === 0 || isOther(pair))
        .join(';'),
    )
    .join('/');
  return parsed.href;
}
