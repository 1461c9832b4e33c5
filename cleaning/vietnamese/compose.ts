/**
 * NFC in linear time. The platform sorts a run of combining marks in quadratic time, and a page may hold a million of
 * them on one letter; no script stacks more than a few, so the rest of a run is dropped first.
 */
export function compose(text: string): string {
  return (MAY_PILE.test(text) ? text.replace(PILED_MARKS, '$1') : text).normalize('NFC');
}

const PILED_MARKS = /(\p{M}{16})\p{M}+/gu;
/** Two Latin marks in a row, or letters beyond Latin and Vietnamese: a cheap test that most text fails. */
const MAY_PILE = /[\u0300-\u036f]{2}|[\u0370-\u1e9f\u2070-\uffff]/;
