/** A folder of an older version becomes one of this version: of a run, or of documents. */
import { knownRecipe } from '../../cleaning/recipe.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { DocumentFolder } from '../documents/folder.ts';
import { findFolders, manifestPath, readDocumentManifest } from '../manifest.ts';
import type { NightFacts } from './facts.ts';
import { foldersIn } from './publish.ts';
import { currentSnapshot } from './read.ts';
import { beginNight, publishNight, workFolder } from './work.ts';

export interface Upgraded {
  /** What became of a run: the name of its current snapshot. */
  readonly current?: string;
  readonly isNew: boolean;
}

/**
 * Nothing is cleaned or encoded again; of the oldest memories of cleaning each shard is read once.
 * @throws ToolkitError NO_MANIFEST, UNKNOWN_RECIPE, BAD_SHARD (exit 2), FOLDER_LOCKED (exit 75), those of opening and writing
 */
export async function upgrade(dir: string, facts: NightFacts): Promise<Upgraded> {
  const { documents, tokens } = findFolders(dir);
  if (documents === dir || tokens === dir) return { isNew: documents === dir && upgradeDocuments(documents) };
  return holding(dir, [], async () => {
    const before = currentSnapshot(dir)?.name;
    beginNight(dir, facts);
    upgradeDocuments(foldersIn(workFolder(dir)).documents);
    publishNight(dir, facts);
    const current = currentSnapshot(dir)?.name;
    return { current, isNew: current !== before };
  });
}

/** Its manifest and its memory are of this version afterwards. Whether they were not before. */
function upgradeDocuments(dir: string): boolean {
  const { recipe } = readDocumentManifest(dir);
  const folder = DocumentFolder.open(dir, knownRecipe(recipe, manifestPath(dir)));
  try {
    return folder.upgrade();
  } finally {
    folder.close();
  }
}
