/**
 * NFC in linear time. The platform sorts a run of combining marks in quadratic time, and a page may hold a million of
 * them on one letter; no script stacks more than a few, so the rest of a run is dropped first.
 */
export const compose = (text: string): string => text.replace(PILED_MARKS, '$1').normalize('NFC');

const PILED_MARKS = /(\p{M}{16})\p{M}+/gu;
