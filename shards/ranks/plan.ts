/** `OUT.partial/clean.json`: what ranks make together, the same for all of them; and which pieces of the inputs are whose. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Recipe } from '../../cleaning/recipe.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Rank } from '../../crawlers/shell/work.ts';
import type { Piece } from '../../crawlers/sources/index.ts';
import { manifestPath } from '../manifest.ts';

export interface CleanPlan {
  readonly format: 'vua-clean-ranks';
  readonly version: 1;
  /** How many ranks. */
  readonly of: number;
  readonly recipe: Recipe;
  readonly shardBytes: number;
  /** What else of the command decides. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly pieces: readonly Piece[];
}

const PLAN_FILE = 'clean.json';

/** In which ranks write what OUT is made of. */
export const partialOf = (out: string): string => `${resolve(out)}.partial`;

export const readPlan = (partial: string): CleanPlan | undefined => readJsonIfPresent(join(partial, PLAN_FILE));

/** Writes it, where none is. @throws ToolkitError BAD_OPTION (exit 2) where another stands there, or OUT is none of ranks */
export function beginPlan(out: string, plan: CleanPlan): void {
  const partial = partialOf(out);
  const found = readPlan(partial);
  if (found === undefined) {
    if (existsSync(manifestPath(out)))
      throw badInput(
        'BAD_OPTION',
        `--out ${out}: holds documents, expected a new folder`,
        'name another: ranks begin anew',
      );
    writeFileAtomic(join(partial, PLAN_FILE), `${JSON.stringify(plan)}\n`);
    return;
  }
  if (isDeepStrictEqual(found, JSON.parse(JSON.stringify(plan)))) return;
  const other = (Object.keys(plan) as (keyof CleanPlan)[]).filter(
    (key) => !isDeepStrictEqual(found[key], JSON.parse(JSON.stringify(plan[key]))),
  );
  throw badInput(
    'BAD_OPTION',
    `${partial}: was begun with other ${other.join(', ')} than this rank was given (${found.of} ranks then)`,
    'give every rank the same command and inputs, or name another --out',
  );
}

/** Pieces of a rank, by their numbers among all: the largest first to whoever has least. */
export function piecesOfRank({ pieces, of }: CleanPlan, { index }: Rank): number[] {
  const bytes = new Array<number>(of).fill(0);
  const own: number[] = [];
  const bySize = [...pieces.keys()].sort((a, b) => pieces[b].bytes - pieces[a].bytes || a - b);
  for (const piece of bySize) {
    const rank = bytes.indexOf(Math.min(...bytes));
    bytes[rank] += pieces[piece].bytes + 1;
    if (rank === index) own.push(piece);
  }
  return own.sort((a, b) => a - b);
}
