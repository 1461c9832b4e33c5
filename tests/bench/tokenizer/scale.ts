/**
 * Time and memory of training on gigabytes. The corpus is repeated, and perturbed so that types grow with the text: in
 * copy k every 64th syllable gets a suffix of two letters that k and its place give. Each size runs in a process of its
 * own, which reports its highest resident set, threads included.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { corpus, options, print } from './support.ts';

const EVERY = 64;

export async function scale(): Promise<void> {
  const full = Number(options.gigabytes);
  const rows: string[][] = [];
  for (const maxSyllables of options.modes.map(Number)) {
    for (const part of [8, 4, 2, 1]) {
      const args = ['--import', 'tsx', fileURLToPath(import.meta.url), String(full / part), String(maxSyllables)];
      const { stdout, status, stderr } = spawnSync(process.execPath, [...args, '--corpus', options.corpus!], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      const { seconds, cpu, peak, merges } = JSON.parse(stdout.trim().split('\n').at(-1)!);
      const size = full / part;
      rows.push([
        maxSyllables === 1 ? 'syllable-bounded' : 'across spaces',
        size.toFixed(2),
        seconds.toFixed(1),
        (seconds / size).toFixed(1),
        (cpu / size).toFixed(1),
        (peak / 1e9).toFixed(2),
        String(merges),
      ]);
    }
  }
  print('Gigabytes: the corpus repeated and perturbed, 32k', [
    ['', 'GB', 'seconds', 'seconds/GB', 'CPU seconds/GB', 'peak GB', 'merges'],
    ...rows,
  ]);
}

async function one(bytes: number, maxSyllables: number): Promise<void> {
  const texts = corpus();
  const { trainBpe } = await import('../../../dist/tokenizer/train/train.js' as string);
  const { TallyThreads } = await import('../../../dist/tokenizer/train/tally-threads.js' as string);
  async function* stream(): AsyncGenerator<Uint8Array> {
    let done = 0;
    for (let copy = 0; ; copy++) {
      for (const text of texts) {
        if (done >= bytes) return;
        const document = copy === 0 ? text : perturbed(text, copy);
        done += document.length;
        yield document;
      }
    }
  }
  const team = new TallyThreads(availableParallelism());
  const started = performance.now();
  const model = await trainBpe(stream, { vocabSize: 32_768, maxSyllables, team });
  const seconds = (performance.now() - started) / 1000;
  await team.close();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpu = (userCPUTime + systemCPUTime) / 1e6;
  console.log(JSON.stringify({ seconds, cpu, peak: maxRSS * 1024, merges: model.merges.length / 2 }));
}

function perturbed(text: Buffer, copy: number): Buffer {
  const out = Buffer.alloc(text.length + (text.length >> 5) + 64);
  let write = 0;
  let spaces = 0;
  let from = 0;
  for (let at = text.indexOf(32); at >= 0; at = text.indexOf(32, at + 1)) {
    if (++spaces % EVERY !== 0) continue;
    write += text.copy(out, write, from, at);
    const hash = Math.imul(copy * 7919 + spaces, 0x9e3779b1) >>> 0;
    out[write++] = 97 + (hash % 26);
    out[write++] = 97 + ((hash >>> 8) % 26);
    from = at;
  }
  write += text.copy(out, write, from);
  return out.subarray(0, write);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await one(Number(process.argv[2]) * 1e9, Number(process.argv[3]));
}
