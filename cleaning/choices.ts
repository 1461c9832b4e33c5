/** What users choose among in cleaning: by itself, so that the help of a command loads nothing that cleans. */

/** How much personal data is masked (`pii.ts`). */
export const LEVELS = ['off', 'basic', 'strict'] as const;
export type Level = (typeof LEVELS)[number];

/** What becomes of paragraphs in another language or of residue: `keep` leaves all, `vietnamese` takes them out. */
export const PARAGRAPH_RULES = ['keep', 'vietnamese'] as const;
export type ParagraphRule = (typeof PARAGRAPH_RULES)[number];

/** Where a tone mark stands: `keep` leaves each word as it was written. */
export const TONE_STYLES = ['keep', 'old', 'new'] as const;
export type ToneStyle = (typeof TONE_STYLES)[number];
