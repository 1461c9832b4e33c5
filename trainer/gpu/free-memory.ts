/**
 * Memory of a card that no other program has taken: WebGPU does not tell it, the driver's own means do. `nvidia-smi` stands
 * beside every NVIDIA driver; amdgpu of Linux has files.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a driver says when it is asked; nothing where it is not there. */
const QUERY = ['--query-gpu=name,memory.free', '--format=csv,noheader,nounits'];
const PATIENCE_MS = 5_000;
const DRM = '/sys/class/drm';

/** GB (10⁹ bytes) free on the card of that name, of several alike on the first, which is the one that Dawn opens. */
export function freeGbOf(name: string, vendor: string, drm = DRM): number | undefined {
  if (/nvidia/i.test(vendor)) return freeByName(name, told());
  if (/amd|ati/i.test(vendor)) return freeInFiles(drm);
  return undefined;
}

function told(): string {
  try {
    return execFileSync('nvidia-smi', QUERY, {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

/** @param lines `NVIDIA H200, 142600` in MiB; a card that shares the system's memory says `[N/A]` */
export function freeByName(name: string, lines: string): number | undefined {
  const cards = lines
    .split('\n')
    .map((line) => /^(.+), *(\d+)\s*$/.exec(line))
    .filter((row) => row !== null)
    .map(([, card, free]) => ({ card: plain(card), gb: (Number(free) * 2 ** 20) / 1e9 }));
  const asked = plain(name);
  return cards.find(({ card }) => card === asked)?.gb;
}

/** Drivers write the vendor before a card's name, or leave it out. */
const plain = (name: string): string =>
  name
    .replace(/^nvidia\s+/i, '')
    .trim()
    .toLowerCase();

/** Of the card with the most memory: an integrated one has a few hundred megabytes of its own. */
function freeInFiles(drm: string): number | undefined {
  const cards = foldersOf(drm).flatMap((folder) => {
    const total = numberIn(join(drm, folder, 'device', 'mem_info_vram_total'));
    const used = numberIn(join(drm, folder, 'device', 'mem_info_vram_used'));
    return total > 0 && used >= 0 ? [{ total, free: total - used }] : [];
  });
  const largest = cards.sort((a, b) => b.total - a.total)[0];
  return largest && largest.free / 1e9;
}

function foldersOf(drm: string): readonly string[] {
  try {
    return readdirSync(drm).filter((name) => /^card\d+$/.test(name));
  } catch {
    return [];
  }
}

function numberIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8').trim());
  } catch {
    return Number.NaN;
  }
}
