/** What holds for a crawl: every record is whole and has its digest, and what state.sqlite calls done is there. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Frontier, STATE_FILE } from './frontier/frontier.ts';
import type { Findings } from './shell/work.ts';
import { readWarc } from './warc/read-warc.ts';
import { payloadDigest } from './warc/warc.ts';

export async function verifyCrawl(dir: string, findings: Findings): Promise<boolean> {
  const crawl = [dir, join(dir, 'crawl')].find((folder) => existsSync(join(folder, STATE_FILE)));
  if (crawl === undefined) return false;
  const warcDir = join(crawl, 'warc');
  await findings.file(join(crawl, STATE_FILE), 'state', () => verifyState(crawl, warcDir, findings));
  const files = existsSync(warcDir) ? readdirSync(warcDir).filter((name) => name.endsWith('.warc.gz')) : [];
  for (const path of files.sort().map((name) => join(warcDir, name))) {
    if (statSync(path).size === 0) continue; // of a crawl that got no answer
    await findings.file(path, 'warc', () => verifyWarc(path, findings));
  }
  return true;
}

/** @throws ToolkitError BAD_FRONTIER */
function verifyState(crawl: string, warcDir: string, findings: Findings): void {
  const frontier = new Frontier(join(crawl, STATE_FILE));
  try {
    const damage = frontier.damage();
    if (damage !== undefined) findings.add(join(crawl, STATE_FILE), 'state', damage);
    for (const { file, end } of damage === undefined ? frontier.places.ends() : []) {
      const size = statSync(join(warcDir, file), { throwIfNoEntry: false })?.size;
      if (size !== undefined && size >= end) continue;
      const found = size === undefined ? 'missing' : `${size} bytes`;
      findings.add(join(warcDir, file), 'cut', `${found}, but pages that were fetched stand up to byte ${end}`);
    }
  } finally {
    frontier.close();
  }
}

/** @throws the errors of `readWarc` */
async function verifyWarc(path: string, findings: Findings): Promise<void> {
  for await (const { type, url, body, digest } of readWarc(path, findings.signal)) {
    findings.counts.records++;
    if (type === 'revisit') continue; // the digest is that of another record
    const found = payloadDigest(body);
    if (digest === undefined || !digest.startsWith('sha1:') || digest === found) continue;
    findings.add(path, 'digest', `${url}: ${found}, expected ${digest}`);
  }
}
