/**
 * What rows lose, by how they are cut: npx tsx tests/bench/loader/packing.ts TOKENS_DIR [T…]
 *
 *   discarded           tokens that no row holds
 *   without beginning   tokens in a piece of a document whose beginning is not in the row
 *   cut, though shorter share of documents of at most T tokens that do not stand whole in one row
 *
 * `greedy crop` and `best-fit crop` are the schemes whose rows all begin with a document and that throw away what is cut
 * off: the first takes documents as they come, the second (as nanochat does) the longest that fits out of a pool of
 * 1,000, and crops the shortest when none does.
 */

import { eachBatch, openTokens, type TokenArray } from '../../../shards/tokens/source.ts';
import { pack } from '../../../trainer/loader/pack.ts';

const POOL = 1000;

interface Piece {
  readonly document: number;
  /** First token of the piece in its document. */
  readonly from: number;
  readonly length: number;
}

const [dir, ...lengths] = process.argv.slice(2);
if (!dir) throw new Error('give a folder of tokens: npx tsx tests/bench/loader/packing.ts TOKENS_DIR [T…]');
const source = (await openTokens(dir)).source('train');
const batches: TokenArray[] = [];
for await (const batch of eachBatch(source)) batches.push(batch.slice());

for (const T of lengths.length > 0 ? lengths.map(Number) : [256, 1024, 2048]) {
  const documents: number[] = []; // lengths; a piece of a document that a record batch cuts counts as one
  for (const batch of batches) documents.push(...lengthsIn(batch).map(({ length }) => length));
  const schemes: Record<string, Piece[]> = {
    stream: stream(T),
    'greedy crop': greedy(documents, T),
    'best-fit crop': bestFitCrop(documents, T),
    'packed (ours)': packed(T),
  };
  const whole = documents.filter((length) => length <= T).length;
  const tokens = documents.reduce((a, b) => a + b, 0);
  console.log(
    `\nT = ${T}: ${tokens.toLocaleString('en')} tokens, ${documents.length} documents, ${whole} of at most T`,
  );
  console.log(`${''.padEnd(16)}discarded  without beginning  cut, though shorter`);
  for (const [name, pieces] of Object.entries(schemes)) {
    const used = pieces.reduce((sum, { length }) => sum + length, 0);
    const lost = pieces.reduce((sum, { from, length }) => sum + (from > 0 ? length : 0), 0);
    const intact = new Set(
      pieces
        .filter(({ document, from, length }) => from === 0 && length === documents[document])
        .map((p) => p.document),
    );
    const cut = documents.filter((length, document) => length <= T && !intact.has(document)).length;
    const shares = [1 - used / tokens, lost / used, cut / Math.max(1, whole)];
    console.log(
      name.padEnd(16) + shares.map((share, i) => `${(100 * share).toFixed(1)} %`.padStart([9, 19, 21][i])).join(''),
    );
  }
}

/** Documents of a record batch: where they begin and how long they are. */
function lengthsIn(batch: ArrayLike<number> & { indexOf(token: number, from: number): number }) {
  const found: { begin: number; length: number }[] = [];
  for (let begin = 0; begin < batch.length; ) {
    const next = batch.indexOf(source.bosId, begin + 1);
    const end = next < 0 ? batch.length : next;
    found.push({ begin, length: end - begin });
    begin = end;
  }
  return found;
}

/** Pieces of the rows that `rowsOf` gives as stretches of a record batch. */
function piecesOf(stretchesOf: (batch: (typeof batches)[number]) => { begin: number; length: number }[]): Piece[] {
  const pieces: Piece[] = [];
  let before = 0;
  for (const batch of batches) {
    const documents = lengthsIn(batch);
    for (const { begin, length } of stretchesOf(batch)) {
      for (const [i, document] of documents.entries()) {
        const from = Math.max(begin, document.begin);
        const to = Math.min(begin + length, document.begin + document.length);
        if (to > from) pieces.push({ document: before + i, from: from - document.begin, length: to - from });
      }
    }
    before += documents.length;
  }
  return pieces;
}

function stream(T: number): Piece[] {
  return piecesOf((batch) =>
    Array.from({ length: Math.floor(batch.length / T) }, (_, row) => ({ begin: row * T, length: T })),
  );
}

function packed(T: number): Piece[] {
  return piecesOf((batch) => {
    const { begins, lengths } = pack(batch, source.bosId, T);
    return Array.from(begins, (begin, i) => ({ begin, length: lengths[i] }));
  });
}

function greedy(documents: readonly number[], T: number): Piece[] {
  const pieces: Piece[] = [];
  let space = T;
  for (const [document, length] of documents.entries()) {
    pieces.push({ document, from: 0, length: Math.min(space, length) });
    space -= Math.min(space, length);
    if (space === 0) space = T;
  }
  return pieces;
}

function bestFitCrop(documents: readonly number[], T: number): Piece[] {
  const pieces: Piece[] = [];
  const pool: number[] = [];
  let next = 0;
  let space = T;
  for (;;) {
    while (pool.length < POOL && next < documents.length) pool.push(next++);
    if (pool.length === 0) return pieces;
    let best = -1;
    let shortest = 0;
    for (const [i, document] of pool.entries()) {
      if (documents[document] <= space && (best < 0 || documents[document] > documents[pool[best]])) best = i;
      if (documents[document] < documents[pool[shortest]]) shortest = i;
    }
    const [document] = pool.splice(best >= 0 ? best : shortest, 1);
    const length = Math.min(space, documents[document]);
    pieces.push({ document, from: 0, length });
    space = space === length ? T : space - length;
  }
}
