/** URLs as the frontier stores them: one spelling for each address, and a guard against endless address spaces. */

/** Query parameters that say where a visitor came from, never what is shown. */
const TRACKING_PARAMETER =
  /^(utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|twclid|ttclid|igshid|mc_cid|mc_eid|_ga|_gl|zarsrc)$/i;

/**
 * `undefined` when it is no URL. Not by URL.canParse: of Node 20 and 22 it calls every host with letters like á none, once
 * it was called some thousand times and V8 has optimised the call.
 */
export function parseUrl(input: string, base?: string): URL | undefined {
  try {
    return new URL(input, base);
  } catch {
    return undefined;
  }
}

/**
 * The canonical spelling of an http(s) address: host in lower case and Punycode, default port, fragment, credentials
 * and tracking parameters dropped, percent-encoding normalised. `undefined` for anything that is not an http(s) URL.
 */
export function canonicalUrl(input: string, base?: string): string | undefined {
  const url = parseUrl(input, base);
  if (url === undefined) return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const { href, username, password, hostname, pathname, search } = url;
  // A part that is set is parsed anew: most are as they shall be.
  if (href.includes('#')) url.hash = '';
  if (username !== '') url.username = '';
  if (password !== '') url.password = '';
  if (hostname.endsWith('.')) url.hostname = hostname.replace(/\.+$/, '');
  const path = normalizePercent(pathname);
  if (path !== pathname) url.pathname = path;
  if (href.includes('?')) {
    url.search = normalizePercent(search.slice(1))
      .split('&')
      .filter((parameter) => parameter !== '' && !TRACKING_PARAMETER.test(parameter.split('=', 1)[0]))
      .join('&');
  }
  return url.href;
}

/** The parts of a canonical URL as `URL` has them, in a tenth of the time. */
export function hostOf(url: string): string {
  const start = url.indexOf('://') + 3;
  const end = endOfOrigin(url);
  const colon = url.indexOf(':', url[start] === '[' ? url.indexOf(']', start) : start);
  return url.slice(start, colon > 0 && colon < end ? colon : end);
}

export const originOf = (url: string): string => url.slice(0, endOfOrigin(url));

export function placeOf(url: string): { pathname: string; search: string } {
  const start = endOfOrigin(url);
  const query = url.indexOf('?', start);
  const end = query < 0 ? url.length : query;
  return { pathname: url.slice(start, end), search: url.slice(end) };
}

function endOfOrigin(url: string): number {
  const end = url.indexOf('/', url.indexOf('://') + 3);
  return end < 0 ? url.length : end;
}

/**
 * RFC 3986 §6.2.2: unreserved characters stand for themselves, everything outside printable ASCII is encoded as UTF-8,
 * hex digits are capitals. `/t%c3%acm-ki%E1%BA%BFm%7E` and `/tìm-kiếm~` come out alike.
 */
export function normalizePercent(text: string): string {
  return text.replace(/%([0-9a-f]{2})|[^\x21-\x7e]+/gi, (found: string, hex: string | undefined) => {
    if (hex === undefined) return Buffer.from(found).toString('hex').toUpperCase().replace(/../g, '%$&');
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\w.~-]/.test(character) ? character : found.toUpperCase();
  });
}

/** `TiếngViệt.vn` → `xn--tingvit-5t4cyc.vn`, as it stands in canonical URLs; `undefined` when it is no host name. */
export function canonicalHost(host: string): string | undefined {
  return /^[^/?#@\\]+$/.test(host) ? parseUrl(`http://${host}`)?.hostname : undefined;
}

const MAX_URL_LENGTH = 1024; // a Vietnamese letter with its marks takes nine characters
const MAX_SEGMENTS = 20;
const MAX_REPEATS = 3;
const OTHER_MEDIA =
  /\.(jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|json|woff2?|ttf|eot|mp[34]|m4[av]|webm|avi|mov|wmv|flv|wav|ogg|pdf|docx?|xlsx?|pptx?|odt|epub|zip|rar|7z|gz|tgz|bz2|exe|msi|apk|dmg|iso)$/i;

/** Why a discovered address is not worth a request; `undefined` when it is. Takes a canonical URL. */
export function trapReason(url: string): 'url_too_long' | 'repeated_path' | 'other_media' | undefined {
  if (url.length > MAX_URL_LENGTH) return 'url_too_long';
  const { pathname } = placeOf(url);
  const segments = pathname.split('/').filter((segment) => segment !== '');
  if (segments.length > MAX_SEGMENTS) return 'repeated_path';
  const seen = new Map<string, number>();
  for (const segment of segments) {
    const times = (seen.get(segment) ?? 0) + 1;
    if (times > MAX_REPEATS) return 'repeated_path';
    seen.set(segment, times);
  }
  return OTHER_MEDIA.test(pathname) ? 'other_media' : undefined;
}
