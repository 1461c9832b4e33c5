/** What `vua clean` does where it is one of several ranks: as many stages as others let it (cleaning/ranks/stages.ts). */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Ending, type RankHooks, runStages, withSettled } from '../../cleaning/ranks/stages.ts';
import { recipeOf } from '../../cleaning/recipe.ts';
import type { Page } from '../../crawlers/page.ts';
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { makeFolder } from '../../crawlers/shell/folder.ts';
import { type Rank, unattended } from '../../crawlers/shell/work.ts';
import { openInput, type Piece, pathOf, piecesOf } from '../../crawlers/sources/index.ts';
import type { CleanInputsOptions } from '../documents/clean-inputs.ts';
import { hearOptOuts } from '../documents/marks.ts';
import { type CleanReport, EMPTY_REPORT, mergeReports, reportOf } from '../documents/report.ts';
import { rowBytes } from '../documents/write.ts';
import { SHARD_BYTES } from '../format.ts';
import { beginPlan, type CleanPlan, partialOf, piecesOfRank } from './plan.ts';
import { writeStretches } from './write.ts';

export type RankCleanOptions = Omit<CleanInputsOptions, 'pages' | 'compacts' | 'passedOver' | 'removed'> & {
  readonly inputs: readonly string[];
  /** Larger files become several pieces (default: four for each rank, of a megabyte and more). */
  readonly pieceBytes?: number;
};

/** Pieces of a rank at least, where files are large. */
const PIECES_PER_RANK = 4;
/** Smaller ones cost more than they even out. */
const MIN_PIECE_BYTES = 1 << 20;

function piecesFor({ inputs, onFault, pieceBytes }: RankCleanOptions, { of }: Rank): Piece[] {
  const files = piecesOf(inputs, { withBinary: true, onFault });
  const bytes = files.reduce((sum, piece) => sum + piece.bytes, 0);
  const most = pieceBytes ?? Math.max(MIN_PIECE_BYTES, Math.ceil(bytes / (PIECES_PER_RANK * of)));
  return piecesOf(inputs, { withBinary: true, onFault: () => {} }, most);
}

const mean = ({ pieces, of }: CleanPlan): number => pieces.reduce((sum, { bytes }) => sum + bytes, 0) / of;

/**
 * The stages of one rank, until all are done or others must go on first. Each is taken back whole where it is stopped, and may
 * be run again by any process of that rank, with the same bytes.
 * @throws ToolkitError BAD_INPUT, BAD_OPTION (exit 2), those of sources, WRITE_FAILED
 */
export async function cleanRank(options: RankCleanOptions, rank: Rank, work = unattended()): Promise<Ending> {
  const { inputs, outDir, shardBytes = SHARD_BYTES, contamination = [], scorers = [] } = options;
  const { threads = availableParallelism() } = options;
  const { signal, report } = work;
  for (const input of inputs) {
    if (!existsSync(pathOf(input))) throw badInput('BAD_INPUT', `${input}: no such file or folder`);
  }
  const recipe = recipeOf({ ...options, dedupOrder: 'stable' });
  const { source, fields, licence, consentField, consent, optOuts = [], onFault } = options;
  const reading = { signal, withNotices: true, withBinary: true, source, fields, licence, consentField, consent };
  const said = {
    contamination,
    scorers,
    source,
    fields,
    licence,
    consentField,
    consent: [...(consent ?? [])],
    optOuts,
  };
  const plan: CleanPlan = {
    ...{ format: 'vua-clean-ranks', version: 1, of: rank.of, recipe, shardBytes, said },
    pieces: piecesFor(options, rank),
  };
  const whole = plan.pieces.filter(({ bytes, from }) => from === undefined && bytes > 2 * mean(plan));
  for (const { path } of rank.index === 0 ? whole : [])
    report.note(`${path}: such files cannot be split: one rank reads it whole`);
  beginPlan(outDir, plan);
  const dir = partialOf(outDir);
  makeFolder(dir);
  const faults: ToolkitError[] = [];
  async function* pages(): AsyncGenerator<readonly [Page, number]> {
    for (const number of piecesOfRank(plan, rank)) {
      const piece = plan.pieces[number];
      const context = { ...reading, only: piece, onFault: (fault: ToolkitError) => void faults.push(fault) };
      for await (const page of openInput(piece.input, context)) yield [page, number];
    }
  }
  let counts = EMPTY_REPORT;
  let progress = report.stage('clean', 'pages');
  const hooks: RankHooks<CleanReport> = {
    pages,
    sizeOf: rowBytes,
    tell: (cleaned) => {
      counts = mergeReports(counts, reportOf(cleaned));
    },
    facts: (skipped) => ({ ...counts, pages: counts.pages + skipped, skipped }),
    write: () => withSettled(dir, rank.of, (settled) => writeStretches(dir, rank, settled, shardBytes, signal)),
    onStage: (stage) => {
      progress.finish();
      progress = report.stage(stage, 'pages');
      counts = EMPTY_REPORT;
    },
  };
  const ending = await runStages(
    {
      ...{ dir, rank, recipe, contamination, scorers, threads, consent, signal },
      hearOptOuts: (store) => hearOptOuts(store, optOuts),
      progress: (done) => progress.update(done),
    },
    hooks,
  );
  progress.finish();
  for (const fault of faults) onFault?.(fault);
  return ending;
}
