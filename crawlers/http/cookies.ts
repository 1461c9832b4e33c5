/**
 * Cookies of each host, for the walls that need one: a page that redirects to itself until it gets back what it has set.
 * They are kept from every answer, and sent only to hosts that have shown such a wall, until the run ends.
 */
import type { HeaderPairs } from '../warc/http-message.ts';

const MOST = 50;
const MOST_CHARACTERS = 4096;

export class CookieJar {
  readonly #hosts = new Map<string, Map<string, string>>();
  readonly #walls = new Set<string>();

  /** Takes what an answer of the host sets; one that is set to nothing, or is over, goes. */
  hear(hostname: string, headers: HeaderPairs): void {
    for (const [name, value] of headers) {
      if (name.toLowerCase() !== 'set-cookie') continue;
      const [, key, content] = /^\s*([^=;\s]+)\s*=\s*([^;]*)/.exec(value) ?? [];
      if (key === undefined || value.length > MOST_CHARACTERS || /[^\x21-\x7e]/.test(key + content.trim())) continue;
      const cookies = this.#hosts.get(hostname) ?? new Map<string, string>();
      this.#hosts.set(hostname, cookies);
      if (content.trim() === '' || /;\s*max-age\s*=\s*-?0*\s*(;|$)/i.test(value)) cookies.delete(key);
      else if (cookies.size < MOST || cookies.has(key)) cookies.set(key, content.trim());
    }
  }

  /** A circle of redirects: whether cookies of the host may open it, which were not sent so far. They are from now on. */
  opens(hostname: string): boolean {
    if (this.#walls.has(hostname) || (this.#hosts.get(hostname)?.size ?? 0) === 0) return false;
    this.#walls.add(hostname);
    return true;
  }

  /** Value of the Cookie header for a host with a wall. */
  cookieFor(hostname: string): string | undefined {
    const cookies = this.#walls.has(hostname) ? this.#hosts.get(hostname) : undefined;
    if (cookies === undefined || cookies.size === 0) return undefined;
    return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
