import { rmSync } from 'node:fs';
import { makeTemporaryFolder } from '../folder.ts';
import { KINDS } from './kinds.ts';
import { reports } from './kinds/reports.ts';
import { wholeCrawl } from './runs.ts';
for (const kind of process.argv[2] ? KINDS.filter(({ name }) => name.includes(process.argv[2]!)) : reports) {
  const dir = makeTemporaryFolder();
  const started = performance.now();
  const told = await Promise.race([wholeCrawl(1, dir, [kind]), new Promise<undefined>((done) => setTimeout(done, 20_000))]);
  console.log(kind.name, Math.round(performance.now() - started), told?.facts ?? 'HANGS', told?.faults ?? '');
  rmSync(dir, { recursive: true, force: true });
}
process.exit();
