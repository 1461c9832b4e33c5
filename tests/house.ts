/**
 * The structure of the house, read from its own imports, types included: for tests/house.test.ts, and as a table.
 *
 *   node --import tsx tests/house.ts [DIR]
 *
 * A box is a folder of a room, or a file that lies directly in it; an arrow is one box importing another; a circle is a
 * set of files (or of boxes) each of which reaches the others. Lines are those of product code without comments and blanks.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOMS = ['crawlers', 'cleaning', 'shards', 'tokenizer', 'trainer'];

/** Paths below a folder, without what is not ours. */
export const below = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return path;
    return /^(\.|node_modules$|dist$|vua-)/.test(entry.name) ? [] : below(path);
  });

const read = (file: string): string => readFileSync(file, 'utf8');
const targets = (file: string, pattern: RegExp): string[] =>
  [...read(file).matchAll(pattern)].map(([, target]) => target);
/** What a file names of others, types included: `import`, `export … from`, the end of a long list, `import(…)`. */
export const imports = (file: string): string[] =>
  targets(file, /(?:^(?:import|export|\})[^\n]*? from |^import |\bimport\()'([^']+)'/gm);
/** What a file loads before it runs: not types, not what it imports behind an `await` when it comes to it. */
export const loads = (file: string): string[] => {
  const types = targets(file, /(?:^import type[^;]*?|\bimport\()'([^']+)'/gm);
  const all = imports(file);
  for (const target of types) all.splice(all.indexOf(target), 1);
  return all;
};
export const resolved = (file: string, target: string): string => normalize(join(dirname(file), target));
/** The files of this house that a file names. */
export const neighbours = (file: string): string[] =>
  imports(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => resolved(file, target))
    .filter((target) => target.endsWith('.ts') && existsSync(target));

export const boxOf = (file: string): string => file.split('/').slice(0, 2).join('/');

export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom, with each file taken for the box that `nameOf` gives it. */
export function graphOf(files: readonly string[], nameOf: (file: string) => string): Graph {
  const graph = new Map<string, Set<string>>();
  for (const file of files) {
    const from = nameOf(file);
    if (!graph.has(from)) graph.set(from, new Set());
    for (const target of neighbours(file)) if (nameOf(target) !== from) graph.get(from)!.add(nameOf(target));
  }
  return graph;
}

/** Sets of two or more that reach each other (Tarjan 1972). */
export function circlesOf(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return circles;
}

/** Lines of code: without comments and blanks. */
const linesOf = (file: string): number =>
  read(file)
    .replace(/^\s*\/\*[\s\S]*?\*\//gm, '')
    .split('\n')
    .filter((line) => line.trim() && !/^\s*\/\//.test(line)).length;

function table(): string {
  const files = below('.').filter((file) => file.endsWith('.ts') && !file.startsWith('tests/'));
  const found: string[][] = [];
  const rows = [...ROOMS, ''].map((room) => {
    const own = files.filter((file) => (room ? file.startsWith(`${room}/`) : !file.includes('/')));
    const boxes = graphOf(own, boxOf);
    const arrows = [...boxes.values()].flatMap((to) => [...to].filter((box) => room && box.startsWith(`${room}/`)));
    const lines = own.reduce((sum, file) => sum + linesOf(file), 0);
    const circles = [circlesOf(graphOf(own, (file) => file)), circlesOf(boxes)];
    found.push(...circles.flat());
    return [room || 'top', own.length, boxes.size, arrows.length, ...circles.map(({ length }) => length), lines];
  });
  const total = rows.reduce((sum, row) => sum + Number(row.at(-1)), 0);
  const head = ['room', 'files', 'boxes', 'arrows', 'circles of files', 'of boxes', 'lines'];
  const cells = [head, ...rows, ['sum', '', '', '', '', '', total]];
  const lines = cells.map((row) => row.map((cell, i) => String(cell).padEnd(head[i].length + 3)).join(''));
  return [...lines, ...found.map((circle) => `circle: ${circle.join(', ')}`)].join('\n');
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) {
  if (process.argv[2]) process.chdir(process.argv[2]);
  console.log(table());
}
