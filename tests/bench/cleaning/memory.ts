/**
 * Bytes of memory that cleaning takes for a byte of one long text, at n and 2n:
 *
 *   node --import tsx tests/bench/cleaning/memory.ts [MEGABYTES]        default 8, then 16
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanInputs } from '../../../shards/documents/clean-inputs.ts';
import { randomOf } from '../../crash/states.ts';
import { makeTemporaryFolder } from '../../folder.ts';

const ONSETS = 'b c d đ g h k l m n th tr ch ph nh s t v x r'.split(' ');
const RHYMES = 'a ành ông ưng iêu oan uyên ơi ật ế ôm ưới inh áp ô'.split(' ');

/** Prose of syllables that chance picks, a third of it paragraphs. */
function longText(bytes: number): string {
  const random = randomOf(5);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)];
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += Buffer.byteLength(lines.at(-1)!)) {
    const words = Array.from({ length: 12 }, () => pick(ONSETS) + pick(RHYMES)).join(' ');
    lines.push(`${words} và của là.${random() < 0.3 ? '\n\n' : ' '}`);
  }
  return lines.join('');
}

if (process.argv[2] === '--one') {
  const dir = makeTemporaryFolder();
  const bytes = Number(process.argv[3]) * 1e6;
  writeFileSync(join(dir, 'a.txt'), longText(bytes));
  globalThis.gc!();
  const before = process.memoryUsage().rss;
  const { report } = await cleanInputs({ inputs: [join(dir, 'a.txt')], outDir: join(dir, 'documents'), threads: 0 });
  const taken = process.resourceUsage().maxRSS * 1024 - before;
  console.log(`${bytes / 1e6} MB, ${report.kept} kept: ${(taken / bytes).toFixed(1)} bytes a byte`);
  rmSync(dir, { recursive: true, force: true });
} else {
  const megabytes = Number(process.argv[2] ?? 8);
  for (const size of [megabytes, 2 * megabytes]) {
    const args = ['--expose-gc', '--import', 'tsx', import.meta.filename, '--one', String(size)];
    spawnSync(process.execPath, args, { stdio: 'inherit' });
  }
}
