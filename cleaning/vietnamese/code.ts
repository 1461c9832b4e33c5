/** Program text among prose: it keeps its spelling and its indentation, and is no language. */

/** What hardly a line of prose holds: a call, an arrow, a comparison, the end of a statement, a command. */
const CODE = new RegExp(
  [
    String.raw`[{};]\s*$`,
    String.raw`^\s*[{}()\]>]+[;,]?\s*$`,
    String.raw`[\w\])]\s*(?:[!=]==?|[-=]>|::|&&|\|\||[-+*/|&]=)\s*[\w("'&*]`,
    String.raw`^\s*[\w.[\]]+\s*=\s*[\w["'({$-]`,
    String.raw`\b[a-z_]\w*(?:\.\w+)*\([^()]*\)\s*(?:[.;:,{]|$)`,
    String.raw`^\s*(?:def|class|function|fn|func|sub|struct|enum|interface)\s+\w+\s*[(:{<]`,
    String.raw`^\s*(?:#include|#define|#!|import|from|package|using|namespace|module|require)\b[ <"(]*[\w.$/"<]+(?:\s+(?:import|as)\b.*|[;>")]*)$`,
    String.raw`^\s*(?:if|elif|for|while|else|try|except|finally|switch|do|end)\b[^.!?…]*[:{]$`,
    String.raw`^\s*(?:return|break|continue|pass|end(?: sub| if| function)?|else|fi|done|esac)\b\s*[\w.()'"]*;?$`,
    String.raw`^\s*(?:\$|%|#|>>>|\.\.\.|In \[\d+\]:)\s+[a-z(]`,
    String.raw`^\s*(?:sudo|apt(?:-get)?|npm|npx|pip3?|git|cd|ls|mkdir|docker|curl|wget|echo|export|make)\s+[-\w./$~]`,
    String.raw`^\s*(?://|/\*|\*/|--|<!--|@\w+\b)`,
    String.raw`^\s*</?[a-z][\w-]*(?:\s[^<>]*)?>`,
    String.raw`^\s*[.#]?[\w-]+\s*\{|^\s*[\w-]+:\s*[^;]+;$`,
  ].join('|'),
  'i',
);

export const isCodeLine = (line: string): boolean => CODE.test(line);

/** Whether half of the lines are code: one line of prose in it may be a comment. */
export function isCode(lines: readonly string[]): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  return filled.length > 0 && 2 * filled.filter(isCodeLine).length >= filled.length;
}
