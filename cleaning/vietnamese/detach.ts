/**
 * A copy of `text` with memory of its own. V8 keeps a substring of 13 characters and more as a view of the string it was
 * cut from, so a table that outlives a document would keep the whole document for each syllable of it.
 */
export const detach = (text: string): string =>
  text.length < SHORTEST_VIEW ? text : Buffer.from(text, 'utf16le').toString('utf16le');

const SHORTEST_VIEW = 13;
