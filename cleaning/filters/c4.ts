/**
 * C4's rules (Raffel et al. 2020) that make sense for a page that was extracted: C4 drops lines with them, here the share
 * of such lines is measured and the page judged. Its rule that a line must end in punctuation is `line_punct_frac`, its
 * least number of sentences `sentences`; its list of bad words is left out, because in Vietnamese it hits syllables of
 * harmless words.
 */
import { atLeast, atMost } from './filter.ts';

export const C4 = {
  /** Curly brackets, and lines that ask for JavaScript. */
  code: /[{}]|javascript/i,
  policy:
    /terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies|chính sách (?:bảo mật|cookie|riêng tư)|điều khoản (?:sử dụng|dịch vụ)|sử dụng cookie/i,
  loremIpsum: /lorem ipsum/gi,
};

export const fewSentences = atLeast('few_sentences', 'sentences');
export const codeLines = atMost('code_lines', 'code_line_frac');
export const policyLines = atMost('policy_lines', 'policy_line_frac');
export const loremIpsum = atMost('lorem_ipsum', 'lorem_ipsum');
