/** The walls of the house: imports point upstream, files stay small, the page-side of the trainer knows no Node. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { cliPage } from './cli-page.ts';
import { below, boxOf, circlesOf, graphOf, loads, neighbours, ROOMS, resolved } from './house.ts';
import { leftInEnglish } from './vietnamese.ts';

const SEES_ALL = ['main.ts', 'program.ts', 'commands.ts', 'nightly.ts', 'index.ts'];
/** index.ts as a browser has it. */
const LIBRARY = 'trainer/page/library.ts';
/** What a browser loads of the trainer: everything that these load in turn must do without Node. */
const PAGE_ENTRIES = ['trainer/page/main.ts', 'trainer/page/train-worker.ts', 'trainer/loader/loader-page-worker.ts'];
/** Floors of each room, the ground first; files of a room outside its folders stand above them all, or are named. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  crawlers: [
    ...[
      'shell',
      'bytes',
      'links',
      'page.ts',
      'warc',
      'addresses.ts',
      'http',
      'fetch.ts',
      'polite',
      'sources',
      'captures',
      'sample',
      'presets.ts',
      'options.ts',
    ],
    ...[
      'in-flight.ts',
      'host-queue.ts',
      'frontier',
      'next-visit.ts',
      'lost-records.ts',
      'settle-damage.ts',
      'erase-records.ts',
      'verify.ts',
      'yield.ts',
      'visit.ts',
      'crawl.ts',
      'live-view.ts',
      'run-crawl.ts',
      'dry-run.ts',
      'report.ts',
      'commands',
    ],
  ],
  trainer:
    'batch.ts gpu kernels model loader score record generate ask cards chat tasks arena elastic run export proofs bench page commands'.split(
      ' ',
    ),
  tokenizer: 'text model.ts kernel encode load.ts evaluate train write-tokens.ts verify.ts commands'.split(' '),
  shards: [
    ...'format.ts checksum.ts split.ts manifest-shape.ts manifest.ts side-files.ts merging.ts arrow documents ranks tokens search'.split(
      ' ',
    ),
    ...[
      'snapshots',
      'removal',
      'verify',
      'explain',
      'export',
      'sql',
      'stats.ts',
      'profile-table.ts',
      'diff.ts',
      'nights',
      'inspector',
      'commands',
    ],
  ],
  cleaning:
    'choices.ts document.ts vietnamese personal-data pii.ts decode dedup html binary filters quality recipe.ts benchmarks engine'.split(
      ' ',
    ),
};
const files = below('.').filter((file) => file.endsWith('.ts'));
const product = files.filter((file) => !file.startsWith('tests/'));
const { exports: EXPORTS, files: PACKED } = JSON.parse(readFileSync('package.json', 'utf8'));
/** The door of each room, and what other rooms import: all that the package exports, `vua/ROOM` and `vua/ROOM/FILE`. */
const DOORS = Object.keys(EXPORTS)
  .filter((name) => name !== './package.json' && name !== '.')
  .map((name) => `${name.slice(2)}${name.split('/').length === 2 ? '/index' : ''}.ts`);

it('finds the rooms', () => {
  expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(
    new Set([...ROOMS, 'tests', ...SEES_ALL.filter((name) => files.some((file) => file.split('/')[0] === name))]),
  );
});

it('holds every file under 400 lines', () => {
  const long = files
    .map((file) => [file, readFileSync(file, 'utf8').trimEnd().split('\n').length] as const)
    .filter(([, lines]) => lines >= 400);
  expect(long).toEqual([]);
});

it('imports only upstream: crawlers → cleaning → shards → tokenizer → trainer', () => {
  const room = (file: string): number => ROOMS.indexOf(file.split('/')[0]);
  const wrong = product
    .filter((file) => room(file) >= 0)
    .flatMap((file) => neighbours(file).map((target) => [file, target]))
    .filter(([file, target]) => room(target) < 0 || room(target) > room(file));
  expect(wrong).toEqual([]);
});

it('keeps Node out of what a page loads', () => {
  const pageSide = new Set(PAGE_ENTRIES);
  const wrong: string[] = [];
  for (const file of pageSide) {
    for (const target of loads(file)) {
      if (target.startsWith('node:')) wrong.push(`${file} → ${target}`);
      else if (target.startsWith('.')) pageSide.add(resolved(file, target));
    }
  }
  expect(wrong).toEqual([]);
  expect(pageSide.size).toBeGreaterThan(40);
});

it('imports only downstairs within a room', () => {
  const wrong = product.flatMap((file) => {
    const [room, own] = file.split('/');
    const floors = FLOORS[room] ?? [];
    const floor = (name: string): number => (floors.includes(name) ? floors.indexOf(name) : floors.length);
    return neighbours(file)
      .map((target) => [file, ...target.split('/')])
      .filter(([, other, place]) => floors.length > 0 && other === room && floor(place) > floor(own));
  });
  expect(wrong).toEqual([]);
});

it('keeps what the product reads in the product: no file names tests/', () => {
  expect(product.filter((file) => /['"`(/]tests\//.test(readFileSync(file, 'utf8')))).toEqual([]);
});

it('hides what is private with #, but for constructors', () => {
  const members = /^ +(private|protected|public) (?!constructor)/m;
  expect(files.filter((file) => members.test(readFileSync(file, 'utf8')))).toEqual([]);
});

it('starts threads, syncs files and waits for Ctrl-C in crawlers/shell alone', () => {
  const own = /\bfsyncSync|\bsetImmediate|createRequire.*tsx/;
  const elsewhere = product.filter((file) => own.test(readFileSync(file, 'utf8')));
  expect(elsewhere.filter((file) => !file.startsWith('crawlers/shell/'))).toEqual([
    'crawlers/warc/warc.ts',
    'trainer/gpu/device.ts',
  ]);
});

it('has one file in ROOM/commands/ for each command, named by its last word or by all, and nothing else there', () => {
  const commands = product.filter((file) => file.split('/')[1] === 'commands');
  const named = commands.map((file) => {
    const names = [...readFileSync(file, 'utf8').matchAll(/^ {2,4}name: '([a-z -]+)',$/gm)].map(([, name]) => name);
    const [own] = names.map((name) =>
      [name.split(' ').at(-1), name.replaceAll(' ', '-')].find((base) => file.endsWith(`/${base}.ts`)),
    );
    return names.length === 1 ? `${file.split('/')[0]}/commands/${own}.ts` : names.join();
  });
  expect(named.sort()).toEqual([...commands].sort());
  expect(
    neighbours('commands.ts')
      .filter((file) => commands.includes(file))
      .sort(),
  ).toEqual([...commands].sort());
});

/** Packages that are loaded with these files, before anything is asked for. */
function packagesOf(...files: readonly string[]): string[] {
  const early = new Set(files);
  const packages = new Set<string>();
  for (const file of early) {
    for (const target of loads(file)) {
      if (target.startsWith('.')) early.add(resolved(file, target));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  return [...packages].sort();
}

it('loads commander before it knows the command, with the command zod, and no other package', () => {
  expect(packagesOf('main.ts')).toEqual(['commander']);
  const commands = product.filter((file) => file.split('/')[1] === 'commands');
  expect(packagesOf('nightly.ts', ...commands)).toEqual(['zod']);
});

it('lets nothing pass between rooms but what the package exports, and exports nothing else', () => {
  const room = (file: string): string => file.split('/')[0];
  const inRooms = product.filter((file) => ROOMS.includes(room(file)) && file !== LIBRARY);
  const passing = inRooms.flatMap((file) => neighbours(file).filter((target) => room(target) !== room(file)));
  const doors = ROOMS.map((name) => `${name}/index.ts`);
  expect([...new Set([...passing, ...doors])].sort()).toEqual([...DOORS].sort());
  expect(DOORS.length).toBeLessThanOrEqual(32);
  const built = (file: string): string => `./dist/${file.slice(0, -'.ts'.length)}`;
  const expected = DOORS.map((file) => ({ types: `${built(file)}.d.ts`, default: `${built(file)}.js` }));
  const whole = { types: './dist/index.d.ts', browser: './dist/browser.js', default: './dist/index.js' };
  expect(Object.values(EXPORTS)).toEqual(['./package.json', whole, ...expected]);
});

it('lets doors alone re-export, and no file of the product import one', () => {
  const doors = ROOMS.map((name) => `${name}/index.ts`);
  const again = /^export (?:\*|(?:type )?\{[^}]*\}) from /m;
  expect(product.filter((file) => again.test(readFileSync(file, 'utf8'))).sort()).toEqual(
    [...doors, 'index.ts'].sort(),
  );
  expect(product.filter((file) => neighbours(file).some((target) => doors.includes(target)))).toEqual([]);
});

it('has no circle of imports, types included', () => {
  expect(circlesOf(graphOf(product, (file) => file))).toEqual([]);
  expect(circlesOf(graphOf(product, boxOf))).toEqual([]);
});

it('leaves the reading of numbers to crawlers/shell/command.ts', () => {
  const coercing = files.filter(
    (file) => !file.startsWith('tests/') && readFileSync(file, 'utf8').includes('z.coerce'),
  );
  expect(coercing, 'z.number() refuses what a config file has wrong; flags become numbers before').toEqual([]);
});

it('packs what its documents link to', () => {
  const isPacked = (path: string): boolean =>
    (PACKED as string[]).some((pattern) =>
      new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`).test(path),
    );
  const documents = below('.').filter((path) => path.endsWith('.md') && !path.startsWith('crawlers/sample/pages/'));
  const links = documents.flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(
      ([, link]) => [document, normalize(join(dirname(document), link))] as const,
    ),
  );
  expect(links.length).toBeGreaterThan(8);
  expect(documents.filter((document) => !isPacked(document))).toEqual([]);
  expect(links.filter(([, path]) => !isPacked(path) || !existsSync(path))).toEqual([]);
});

it('has a page of all commands that says what they say: `npm run cli` writes it anew', async () => {
  expect(readFileSync('CLI.md', 'utf8') === (await cliPage()), 'run `npm run cli` and commit CLI.md').toBe(true);
});

it('says in Vietnamese too what the main commands say, and what the others do', async () => {
  expect(
    [...new Set(await leftInEnglish())],
    'a line for each in crawlers/shell/lang-vi.ts, or lang-vi-model.ts',
  ).toEqual([]);
});

it('names floors in their order, and files that exist, in its documents', () => {
  for (const [room, floors] of Object.entries(FLOORS)) {
    const rows = [...readFileSync(`${room}/README.md`, 'utf8').matchAll(/^\| (`[^|]+)\|/gm)];
    const named = rows.flatMap(([, cell]) => cell.match(/[\w.-]+/g) ?? []);
    expect(
      named.filter((name) => floors.includes(name)),
      room,
    ).toEqual(floors);
  }
  const documents = below('.').filter((path) => /^(\w+\/)?(README|FORMAT|CONTRIBUTING)\.md$|RESULTS\.md$/.test(path));
  const missing = documents.flatMap((document) => {
    const room = dirname(document);
    const near = ROOMS.includes(room)
      ? files.filter((file) => file.startsWith(`${room}/`) || /^tests/.test(file))
      : files;
    return [...readFileSync(document, 'utf8').matchAll(/(?<![\w./*-])[\w/-][\w./-]*\.ts\b/g)]
      .map(([name]) => name)
      .filter((name) => !files.includes(name) && !near.some((file) => file.endsWith(`/${name}`)))
      .map((name) => `${document}: ${name}`);
  });
  expect(documents.length).toBeGreaterThan(7);
  expect(missing).toEqual([]);
});

it('lists the error codes of each room in CONTRIBUTING.md, sorted', () => {
  const listed = Object.fromEntries(
    [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^- \*\*([\w, ]+):\*\*((?:\s+`[A-Z_]+`)+)$/gm)].map(
      ([, room, codes]) => [room, codes.match(/[A-Z_]+/g)],
    ),
  );
  const used: Record<string, Set<string>> = {};
  for (const file of files.filter((name) => !name.startsWith('tests/'))) {
    const [first] = file.split('/');
    const room = ROOMS.includes(first) ? first : 'main, nightly';
    const text = readFileSync(file, 'utf8');
    for (const [, code] of text.matchAll(/(?:code: |(?:badInput|tryAgain)\(\s*|printError\(\s*)'([A-Z_]+)'/g)) {
      used[room] ??= new Set();
      used[room].add(code);
    }
  }
  expect(listed).toEqual(Object.fromEntries(Object.entries(used).map(([room, codes]) => [room, [...codes].sort()])));
});
