/** What scorers say of the texts of a folder, into its measurements: each shard is written anew whose figures change. */
import { SCORED_MEASUREMENTS, type ScoredMeasurement } from '../../cleaning/document.ts';
import { headsOf, type Scores, scoresOf } from '../../cleaning/quality/scorer.ts';
import { knownRecipe } from '../../cleaning/recipe.ts';
import { type Outcome, unattended } from '../../crawlers/shell/work.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import { DocumentFolder } from './folder.ts';
import { type Row, readShard, rowsOf } from './read.ts';
import { measureShard } from './write.ts';

export interface Applied {
  readonly documents: number;
  readonly rejects: number;
  /** Shards that were written anew. */
  readonly shards: number;
}

/**
 * Interrupted, the folder is as it was.
 * @param files that `vua quality train` wrote; figures of which none speaks stay
 * @throws ToolkitError BAD_SCORER, UNKNOWN_RECIPE (exit 2), those of DocumentFolder.open and of writing
 */
export async function applyScorers(
  dir: string,
  files: readonly string[],
  { report, signal } = unattended(),
): Promise<Outcome<Applied>> {
  const heads = headsOf(files);
  const names = SCORED_MEASUREMENTS.filter((name) => heads.some(({ measurements }) => measurements.includes(name)));
  const folder = DocumentFolder.open(dir, knownRecipe(readDocumentManifest(dir).recipe, manifestPath(dir)));
  const progress = report.stage('quality', 'rows');
  const counts = { documents: 0, rejects: 0, shards: 0 };
  const figuresOf = (row: Row): Scores => {
    progress.update(counts.documents + counts.rejects);
    // Dropped before it was measured.
    return scoresOf(Number.isNaN(row.number('dup_line_frac')) ? '' : row.string('text'), heads);
  };
  try {
    await folder.replace(async (kind, entry, index) => {
      signal.throwIfAborted();
      const scored: Scores[] = [];
      let isChanged = false;
      for (const batch of readShard(dir, kind, entry)) {
        for (const row of rowsOf(kind, batch)) {
          counts[kind]++;
          const figures = figuresOf(row);
          scored.push(figures);
          isChanged ||= names.some((name) => !Object.is(Math.fround(figures[name]), row.number(name)));
        }
      }
      if (!isChanged) return undefined;
      counts.shards++;
      let at = 0;
      return measureShard<ScoredMeasurement>(dir, kind, index, readShard(dir, kind, entry), names, () => scored[at++]);
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    return { outcome: 'interrupted', report: { ...counts, shards: 0 } };
  } finally {
    progress.finish();
    folder.close();
  }
  return { outcome: counts.shards > 0 ? 'written' : 'nothing_new', report: counts };
}
