/**
 * The release note of a version: its part of CHANGELOG.md.
 *
 *   npm run --silent release-note [VERSION] > note.md     of package.json's version where none is named
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @throws Error where the changelog has no such version */
export function releaseNote(changelog: string, version: string): string {
  const parts = changelog.split(/^(?=## )/m);
  const part = parts.find((text) => new RegExp(`^## ${version.replaceAll('.', '\\.')}(?![\\w.-])`).test(text));
  if (part === undefined) throw new Error(`CHANGELOG.md: no part "## ${version}"`);
  return `${part.slice(part.indexOf('\n')).trim()}\n`;
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  process.stdout.write(releaseNote(readFileSync('CHANGELOG.md', 'utf8'), process.argv[2] ?? version));
}
