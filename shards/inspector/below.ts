/** Folders below DIR that hold a file of some name: where tokenizers and curves are. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const DEPTH = 5;
const MOST = 300;
/** The night at work, what no reader is shown, and folders that hold neither. */
const PASSED = /^(\..*|node_modules|work|held|crawl|search|tensorboard|step-\d+)$/;

/** Paths below `root`, `/` between names; links are not followed. A folder that cannot be read holds nothing for us. */
export function foldersWith(root: string, file: string): string[] {
  const found: string[] = [];
  const look = (path: string, depth: number): void => {
    if (found.length >= MOST) return;
    const dir = join(root, path);
    if (existsSync(join(dir, file))) found.push(path);
    if (depth === DEPTH) return;
    for (const name of foldersIn(dir)) look(path === '' ? name : `${path}/${name}`, depth + 1);
  };
  look('', 0);
  return found;
}

export function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !PASSED.test(entry.name))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}
