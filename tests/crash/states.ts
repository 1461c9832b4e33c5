/**
 * Folders as a power cut may leave them, rebuilt from a log of operations. Names change in the order of the log, up to a
 * moment that is no earlier than the last sync (as a journal keeps them); bytes that no sync of their file followed are
 * there or not, each write by itself.
 */
import {
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Operation } from './trace.ts';

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Which of the first `count` operations a cut leaves. Without `random` all: what a kill leaves. */
export function keptOf(operations: readonly Operation[], count: number, random?: () => number): boolean[] {
  const done = operations.slice(0, count);
  if (random === undefined) return done.map(() => true);
  const lastSync = done.findLastIndex(({ kind }) => kind === 'sync');
  const names = lastSync + 1 + Math.floor(random() * (count - lastSync));
  const synced = new Map<number, number>();
  for (const [i, operation] of done.entries()) if (operation.kind === 'sync') synced.set(operation.file, i);
  // A loss that is likely to matter: all, none or half of what was not synced.
  const share = [0, 0.5, 1][Math.floor(random() * 3)];
  return done.map((operation, i) => {
    if (operation.kind === 'stands') return true;
    if (operation.kind !== 'write' && operation.kind !== 'truncate' && operation.kind !== 'copy') return i < names;
    return i < (synced.get(operation.file) ?? -1) || random() < share;
  });
}

/** Makes the folder that `folder` was when the log began into what is left of it; `target` stands in its place. */
export function rebuild(
  before: string,
  target: string,
  folder: string,
  operations: readonly Operation[],
  kept: readonly boolean[],
): void {
  cpSync(before, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  const placed = (path: string): string => target + path.slice(folder.length);
  /** Bytes of files that the log touches, by number; where they stand now. */
  const bytes = new Map<number, Buffer>();
  const names = new Map<string, number>();
  const below = (path: string): string[] =>
    [...names.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  const changed = new Set<number>();
  for (const [i, operation] of operations.slice(0, kept.length).entries()) {
    if (!kept[i]) continue;
    switch (operation.kind) {
      case 'stands':
        if (!statSync(placed(operation.path), { throwIfNoEntry: false })?.isFile()) break;
        names.set(operation.path, operation.file);
        if (!bytes.has(operation.file)) bytes.set(operation.file, readFileSync(placed(operation.path)));
        break;
      case 'create':
        names.set(operation.path, operation.file);
        mkdirSync(dirname(placed(operation.path)), { recursive: true });
        writeFileSync(placed(operation.path), '');
        if (!bytes.has(operation.file)) bytes.set(operation.file, Buffer.alloc(0));
        changed.add(operation.file);
        break;
      case 'write': {
        const old = bytes.get(operation.file) ?? Buffer.alloc(0);
        const grown = Buffer.alloc(Math.max(old.length, operation.at + operation.data.length));
        old.copy(grown);
        operation.data.copy(grown, operation.at);
        bytes.set(operation.file, grown);
        changed.add(operation.file);
        break;
      }
      case 'copy': {
        const source = bytes.get(operation.source) ?? Buffer.alloc(0);
        const old = bytes.get(operation.file) ?? Buffer.alloc(0);
        const grown = Buffer.alloc(Math.max(old.length, operation.at + operation.length));
        old.copy(grown);
        source.copy(grown, operation.at, operation.at, operation.at + operation.length);
        bytes.set(operation.file, grown);
        changed.add(operation.file);
        break;
      }
      case 'truncate': {
        const old = bytes.get(operation.file) ?? Buffer.alloc(0);
        const cut = Buffer.alloc(operation.size);
        old.copy(cut);
        bytes.set(operation.file, cut);
        changed.add(operation.file);
        break;
      }
      case 'rename':
      case 'link':
        if (statSync(placed(operation.from), { throwIfNoEntry: false }) === undefined) break;
        if (operation.kind === 'rename') renameSync(placed(operation.from), placed(operation.to));
        else linkSync(placed(operation.from), placed(operation.to));
        for (const name of below(operation.from)) {
          names.set(operation.to + name.slice(operation.from.length), names.get(name)!);
          if (operation.kind === 'rename') names.delete(name);
        }
        break;
      case 'symlink':
        symlinkSync(operation.target, placed(operation.to));
        break;
      case 'unlink':
        rmSync(placed(operation.path), { force: true, recursive: true });
        names.delete(operation.path);
        break;
      case 'mkdir':
        mkdirSync(placed(operation.path), { recursive: true });
        break;
    }
  }
  for (const [path, file] of names) if (changed.has(file)) writeFileSync(placed(path), bytes.get(file)!);
}
