/** Which files an input holds, and the names that they keep wherever the command is started or the tree is moved. */
import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { badInput, reasonOf, type ToolkitError } from '../shell/errors.ts';
import { hubFolder } from './hub.ts';
import type { InputFile } from './source.ts';

/** @throws ToolkitError BAD_INPUT */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'give the path of a file or a folder', error);
  }
}

/**
 * The file that a path names, known by its folder and name; or those below the folder that it names, sorted by path,
 * hidden ones left out, known by that folder's name and the path below it. Links are followed, each folder once.
 * @param onFault takes what cannot be opened: a link to nowhere, a folder that may not be read, a name that is no text
 */
export function filesOf(path: string, onFault: (fault: ToolkitError) => void): InputFile[] {
  const hub = hubFolder(path);
  if (hub !== undefined) return filesBelow(hub.path, hub.name, hub.name, onFault);
  const whole = resolve(path);
  const name = `${basename(dirname(whole))}/${basename(whole)}`.replace(/^\//, '');
  return filesBelow(path, basename(whole), name, onFault);
}

/** @param name of a file that stands at the path */
function filesBelow(path: string, source: string, name: string, onFault: (fault: ToolkitError) => void): InputFile[] {
  if (!isFolder(path)) return [{ path, name, source: name }];
  const files: InputFile[] = [];
  const seen = new Set<string>();
  const look = (folder: string, name: string): void => {
    try {
      const real = realpathSync(folder);
      if (seen.has(real)) return;
      seen.add(real);
      for (const entry of entriesOf(folder, onFault)) {
        const below = { path: join(folder, entry.name), name: `${name}/${entry.name}` };
        if (entry.isDirectory() || (entry.isSymbolicLink() && statSync(below.path).isDirectory()))
          look(below.path, below.name);
        else files.push({ ...below, source });
      }
    } catch (error) {
      onFault(unreadable(folder, error));
    }
  };
  look(path, source);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const isUtf8Name = (name: Buffer): boolean => Buffer.from(name.toString()).equals(name);

/** Entries with names that are text; of links those that lead somewhere. */
function entriesOf(folder: string, onFault: (fault: ToolkitError) => void): Dirent[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  // Bytes that are no UTF-8 come as this character.
  const mayBeForeign = entries.some(({ name }) => name.includes('\ufffd'));
  const foreign = mayBeForeign ? readdirSync(folder, { encoding: 'buffer' }).filter((name) => !isUtf8Name(name)) : [];
  for (const name of foreign) {
    const hint = 'rename it (convmv, or `mv`): names are UTF-8 here';
    onFault(badInput('BAD_INPUT', `${join(folder, name.toString('latin1'))}: a file name that is not UTF-8`, hint));
  }
  const unread = new Set(foreign.map((name) => name.toString()));
  return entries.filter((entry) => {
    if (entry.name.startsWith('.') || unread.has(entry.name)) return false;
    if (!entry.isSymbolicLink()) return true;
    try {
      statSync(join(folder, entry.name));
      return true;
    } catch (error) {
      onFault(unreadable(join(folder, entry.name), error));
      return false;
    }
  });
}

const unreadable = (path: string, error: unknown): ToolkitError =>
  badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'mend or remove it; the other files were read', error);
