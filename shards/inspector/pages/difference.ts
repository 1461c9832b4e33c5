/**
 * What two texts have in common and what each has alone, by words; by lines where the texts are too long for that.
 * Longest common subsequence after E. W. Myers, "An O(ND) difference algorithm", 1986, with a bound on D.
 */
export interface Part {
  readonly side: 'both' | 'left' | 'right';
  readonly text: string;
}

/** Words of both texts together, and differences, that are compared one by one. */
const MOST_WORDS = 60_000;
const MOST_DIFFERENCES = 3000;

export function differences(left: string, right: string): { parts: Part[]; same: number; isWhole: boolean } {
  const words = [wordsOf(left), wordsOf(right)];
  const byWords = words[0].length + words[1].length <= MOST_WORDS ? compare(words[0], words[1]) : undefined;
  const parts = byWords ??
    compare(linesOf(left), linesOf(right)) ?? [
      { side: 'left' as const, text: left },
      { side: 'right' as const, text: right },
    ];
  const length = (side: Part['side']): number =>
    parts.reduce((sum, part) => sum + (part.side === side ? part.text.length : 0), 0);
  const both = length('both');
  const all = 2 * both + length('left') + length('right');
  return { parts, same: all === 0 ? 1 : (2 * both) / all, isWhole: byWords !== undefined };
}

const wordsOf = (text: string): string[] => text.match(/\s+|[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

function compare(a: readonly string[], b: readonly string[]): Part[] | undefined {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const middle = path(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  if (middle === undefined) return undefined;
  const both = (texts: readonly string[]): Part[] =>
    texts.length === 0 ? [] : [{ side: 'both', text: texts.join('') }];
  return joined([...both(a.slice(0, head)), ...middle, ...both(a.slice(a.length - tail))]);
}

/** Myers' greedy walk, kept by steps so that it can be walked back. */
function path(a: readonly string[], b: readonly string[]): Part[] | undefined {
  const [n, m] = [a.length, b.length];
  const most = Math.min(n + m, MOST_DIFFERENCES);
  const reach = new Int32Array(2 * most + 2);
  const steps: Int32Array[] = [];
  for (let d = 0; d <= most; d++) {
    steps.push(reach.slice(most - d, most + d + 1));
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && reach[most + k - 1] < reach[most + k + 1]);
      let x = isDown ? reach[most + k + 1] : reach[most + k - 1] + 1;
      while (x < n && x - k < m && a[x] === b[x - k]) x++;
      reach[most + k] = x;
      if (x >= n && x - k >= m) return walkedBack(a, b, steps, d);
    }
  }
  return undefined;
}

/** @param steps of each number of differences, what was reached before it: diagonals −d…d */
function walkedBack(a: readonly string[], b: readonly string[], steps: readonly Int32Array[], last: number): Part[] {
  const parts: Part[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = last; d > 0; d--) {
    const reach = (k: number): number => steps[d][k + d] ?? 0;
    const k = x - y;
    const isDown = k === -d || (k !== d && reach(k - 1) < reach(k + 1));
    const from = isDown ? reach(k + 1) : reach(k - 1);
    const [startX, startY] = [from, from - (isDown ? k + 1 : k - 1)];
    while (x > startX && y > startY) {
      parts.push({ side: 'both', text: a[x - 1] });
      x--;
      y--;
    }
    if (isDown) parts.push({ side: 'right', text: b[startY] });
    else parts.push({ side: 'left', text: a[startX] });
    [x, y] = [startX, startY];
  }
  while (x > 0) {
    parts.push({ side: 'both', text: a[x - 1] });
    x--;
  }
  return parts.reverse();
}

/** Neighbours of one side together. */
function joined(parts: readonly Part[]): Part[] {
  const together: { side: Part['side']; text: string }[] = [];
  for (const { side, text } of parts) {
    const before = together.at(-1);
    if (before?.side === side) before.text += text;
    else together.push({ side, text });
  }
  return together;
}
