/** What holds for a tokenizer's folder: tokenizer.json loads. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from '../crawlers/shell/work.ts';
import { TOKENIZER_FILE } from './encode/export.ts';
import { Tokenizer } from './load.ts';

export async function verifyTokenizer(dir: string, findings: Findings): Promise<boolean> {
  const folder = [dir, join(dir, 'tokenizer')].find((place) => existsSync(join(place, TOKENIZER_FILE)));
  if (folder === undefined) return false;
  await findings.file(join(folder, TOKENIZER_FILE), 'tokenizer', () => Tokenizer.load(folder));
  return true;
}
