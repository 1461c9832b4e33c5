/** A text as passages with their places in it: sentences, and the articles of laws. */

export interface Passage {
  readonly text: string;
  /** In UTF-16 units of the document. */
  readonly start: number;
  readonly end: number;
}

/** A sentence that is longer is cut: tables, lists without a full stop. */
const LONGEST = 600;

/** Sentences: at the ends of lines, and behind `. ! ? …` before a capital, a digit or a quote. */
export function sentencesOf(text: string): Passage[] {
  const sentences: Passage[] = [];
  const take = (from: number, to: number): void => {
    let [start, end] = [from, to];
    while (start < end && /\s/.test(text[start])) start++;
    while (end > start && /\s/.test(text[end - 1])) end--;
    for (; end - start > LONGEST; ) {
      const space = text.lastIndexOf(' ', start + LONGEST);
      const cut = space > start ? space : start + LONGEST;
      sentences.push({ text: text.slice(start, cut), start, end: cut });
      start = cut + 1;
    }
    if (end > start) sentences.push({ text: text.slice(start, end), start, end });
  };
  let from = 0;
  for (const { index, 0: ending } of text.matchAll(ENDS)) {
    const to = index + (ending.startsWith('\n') ? 0 : ending.trimEnd().length);
    take(from, to);
    from = index + ending.length;
  }
  take(from, text.length);
  return sentences;
}

const ENDS = /\n+|[.!?…]+["”’)\]]*\s+(?=["“‘(]?[\p{Lu}\d])/gu;

/** An article of a law, up to the next one or the next chapter; `undefined` where the text has none of that number. */
export function articleOf(text: string, article: string): Passage | undefined {
  const head = new RegExp(`(?:^|\\n)[ \\t*#"“]*(Điều\\s+${article}\\s*(?:[.:]|\\n))`, 'iu').exec(text);
  if (head === null) return undefined;
  const start = head.index + head[0].length - head[1].length;
  const behind = text.slice(start + head[1].length);
  const next =
    /\n[ \t*#"“]*(?:Điều\s+\d+[a-z]?\s*[.:\n]|Chương\s+[IVXLC\d]+\b|Mục\s+[IVX\d]+\b|Phần\s+(?:thứ|[IVX]))/iu.exec(
      behind,
    );
  const whole = start + head[1].length + (next?.index ?? behind.length);
  const end = start + text.slice(start, whole).trimEnd().length;
  return { text: text.slice(start, end), start, end };
}
