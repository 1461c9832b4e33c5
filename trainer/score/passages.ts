/**
 * Passages that a text shares with what is trained on: runs of n words, as 52-bit hashes. Of a text it is the share of
 * its words that stand in such a run; 13 words are a sentence that was quoted, 50 a paragraph that was copied.
 */

export const PASSAGES = [13, 50] as const;

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * @param train texts, one after the other; each is read once
 * @returns for each text the share of its words, 0…1, by the sizes of `PASSAGES`
 */
export async function sharedPassages(
  texts: readonly string[],
  train: AsyncIterable<string>,
): Promise<readonly (readonly number[])[]> {
  const own = texts.map(wordHashes);
  const wanted = PASSAGES.map(
    (size) => new Map(own.flatMap((words) => gramsOf(words, size)).map((gram) => [gram, false])),
  );
  for await (const text of train) {
    const words = wordHashes(text);
    for (const [i, size] of PASSAGES.entries()) {
      for (const gram of gramsOf(words, size)) if (wanted[i].has(gram)) wanted[i].set(gram, true);
    }
  }
  return own.map((words) =>
    PASSAGES.map((size, i) => {
      const covered = new Uint8Array(words.length);
      for (const [at, gram] of gramsOf(words, size).entries()) {
        if (wanted[i].get(gram)) covered.fill(1, at, at + size);
      }
      return words.length === 0 ? 0 : covered.reduce((sum, one) => sum + one, 0) / words.length;
    }),
  );
}

function wordHashes(text: string): Int32Array {
  return Int32Array.from(text.normalize('NFC').toLowerCase().match(WORD) ?? [], (word) => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash;
  });
}

const BASES = [0x01000193, 0x85ebca6b] as const;

/** Hashes of every run of `size` words, in order: two polynomials that roll, together a whole number below 2^52. */
function gramsOf(words: Int32Array, size: number): number[] {
  const grams: number[] = [];
  const leads = BASES.map((base) => {
    let lead = 1;
    for (let i = 0; i < size; i++) lead = Math.imul(lead, base);
    return lead;
  });
  let [low, high] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    low = (Math.imul(low, BASES[0]) + words[i]) | 0;
    high = (Math.imul(high, BASES[1]) + words[i]) | 0;
    if (i >= size) {
      low = (low - Math.imul(words[i - size], leads[0])) | 0;
      high = (high - Math.imul(words[i - size], leads[1])) | 0;
    }
    if (i >= size - 1) grams.push((high >>> 12) * 2 ** 32 + (low >>> 0));
  }
  return grams;
}
