/** Documents whose ids are the same. */

/** `id`, or `id~2`, `id~3`, … when that is taken. */
export function freeName(id: string, isNameTaken: (name: string) => boolean): string {
  if (!isNameTaken(id)) return id;
  // Doubling, then halving: a source that gives one id to a million documents costs twenty questions for each.
  const isTaken = (n: number): boolean => isNameTaken(`${id}~${n}`);
  let [taken, free] = [1, 2];
  while (isTaken(free)) [taken, free] = [free, free * 2];
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (isTaken(middle)) taken = middle;
    else free = middle;
  }
  return `${id}~${free}`;
}
