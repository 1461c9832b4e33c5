/**
 * A copy of `text` with memory of its own. V8 keeps a long substring as a view of the string it was cut from, so a
 * table that outlives a document would keep the whole document for each token of it.
 */
export const detach = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');
