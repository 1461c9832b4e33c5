/** What a licence allows, told by the name that a source states: SPDX identifiers, Creative Commons URLs, words. */

/** In order: the first that fits. */
const CLASSES = [
  ['public-domain', /\bcc0\b|publicdomain|public.domain|\bpddl\b|\bunlicense\b/],
  ['non-commercial', /\b(?:by-)?nc\b|non.?commercial/],
  ['no-derivatives', /\bby-nd\b|no.?deriv/],
  ['share-alike', /\bby-sa\b|share.?alike|\bgfdl|\bodbl|\b[al]?gpl/],
  ['attribution', /\bcc-by\b|\blicenses\/by\/|\bodc-by\b|^attribution|\bmit\b|\bapache|\bbsd\b|\bisc\b/],
  ['reserved', /all rights reserved|copyright|©|proprietary|bản quyền/],
] as const;

/** `unknown` where nothing is stated, `other` of a name that says none of them. */
export type LicenceClass = (typeof CLASSES)[number][0] | 'unknown' | 'other';

export function licenceClassOf(stated: string): LicenceClass {
  if (stated !== last.stated) last = { stated, said: classOf(stated) };
  return last.said;
}

/** Neighbours mostly have one licence. */
let last: { readonly stated: string; readonly said: LicenceClass } = { stated: '', said: 'unknown' };

function classOf(stated: string): LicenceClass {
  const name = stated
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-');
  if (name === '' || name === 'unknown' || name === 'noassertion' || name === 'none') return 'unknown';
  return CLASSES.find(([, pattern]) => pattern.test(name) || pattern.test(stated.toLowerCase()))?.[0] ?? 'other';
}
