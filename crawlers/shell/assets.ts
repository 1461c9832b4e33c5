/** Files that ship beside the code: pages, tensors, scripts. The compiler does not copy them into dist/. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A file or folder of the package, by its path from the package's root: the first that is there on the way up from the
 * code that asks. A checkout's code lies below the root, built code in the root's dist/: both find the same.
 *
 * @param from `import.meta.url` of the code that asks
 * @returns undefined when nothing is there: the package is not whole
 */
export function assetPath(path: string, from: string): string | undefined {
  for (let folder = dirname(fileURLToPath(from)); ; folder = dirname(folder)) {
    const found = join(folder, path);
    if (existsSync(found)) return found;
    if (folder === dirname(folder)) return undefined;
  }
}
