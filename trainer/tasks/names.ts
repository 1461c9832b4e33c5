/** Names that the command line takes, apart, so that it asks for them without the tasks. */

/** `official-hf`, `official-api`: the likeliest next token, read as VMLU's programs read it. `letter-ll`: the likeliest of
 * the item's letters, with and without a space before it. `choice-ll`: the likeliest text of a choice, per byte. */
export const VMLU_SCORERS = ['official-hf', 'official-api', 'letter-ll', 'choice-ll'] as const;
export type VmluScorer = (typeof VMLU_SCORERS)[number];

/** Of questions that make themselves: some of each kind, all of them, none. */
export const SUITES = ['small', 'full', 'none'] as const;
export type Suite = (typeof SUITES)[number];
