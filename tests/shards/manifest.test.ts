/** manifest.json: what is read back, what is refused, which files are left over. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Recipe, recipeOf } from '../../cleaning/recipe.ts';
import {
  findFolders,
  manifestPath,
  readDocumentManifest,
  readTokenManifest,
  removeOrphans,
} from '../../shards/manifest.ts';
import { type DocumentManifest, documentFingerprint } from '../../shards/manifest-shape.ts';
import { range, temporaryFolder, thrownBy } from '../support.ts';
import { document, drop, writeFolder } from './support.ts';

type Draft = Record<string, unknown> & { documents: Record<string, unknown>[] };

interface Case {
  readonly name: string;
  readonly change: (manifest: Draft) => void;
  readonly code: string;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'newer version',
    change: (m) => Object.assign(m, { version: 5, later: {} }),
    code: 'NEWER_FORMAT',
    says: /vua-documents version 5, this program reads version 4/,
  },
  {
    name: 'older version',
    change: (m) => Object.assign(m, { version: 0 }),
    code: 'OLDER_FORMAT',
    says: /vua-documents version 0, this program reads version 4/,
  },
  {
    name: 'another format',
    change: (m) => Object.assign(m, { format: 'vua-tokens' }),
    code: 'BAD_MANIFEST',
    says: /format "vua-tokens", expected vua-documents/,
  },
  {
    name: 'no format',
    change: (m) => Object.assign(m, { format: undefined }),
    code: 'BAD_MANIFEST',
    says: /expected vua-documents/,
  },
  {
    name: 'missing key',
    change: (m) => Object.assign(m, { rejects: undefined }),
    code: 'BAD_MANIFEST',
    says: /: rejects: /,
  },
  {
    name: 'a file outside the folder',
    change: (m) => Object.assign(m.documents[0], { file: '../../etc/documents-00000.arrow' }),
    code: 'BAD_MANIFEST',
    says: /documents\.0\.file/,
  },
  {
    name: 'negative rows',
    change: (m) => Object.assign(m.documents[0], { rows: -1 }),
    code: 'BAD_MANIFEST',
    says: /documents\.0\.rows/,
  },
  {
    name: 'rows that do not add up',
    change: (m) => Object.assign(m.documents[0], { rows: 7 }),
    code: 'BAD_MANIFEST',
    says: /rows are not the sum of its batches/,
  },
  {
    name: 'a checksum of another kind',
    change: (m) => Object.assign(m.documents[0], { checksum: 'sha256:00' }),
    code: 'BAD_MANIFEST',
    says: /documents\.0\.checksum/,
  },
];

describe('manifest.json', () => {
  it('reads back what was written', () => {
    const dir = temporaryFolder();
    const manifest = writeFolder(
      dir,
      range(50).map((n) => document(n)),
      { drops: [drop(1)] },
    );
    expect(readDocumentManifest(dir)).toEqual(manifest);
  });

  it.each(CASES)('refuses: $name', async ({ change, code, says }) => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(5).map((n) => document(n)),
    );
    const draft = JSON.parse(readFileSync(manifestPath(dir), 'utf8')) as Draft;
    change(draft);
    writeFileSync(manifestPath(dir), JSON.stringify(draft));
    const error = await thrownBy(() => readDocumentManifest(dir));
    expect(error.message).toMatch(says);
    expect(error.message).toContain(manifestPath(dir));
    expect(error).toMatchObject({ code, exitStatus: 2 });
  });

  it.each([
    ['fineweb2', { preset: 'fineweb2' }],
    ['keep-all personal-data=off', { preset: 'keep-all', personalData: 'off' }],
    [
      'recommended repeated_lines=0.4 too_short=1e-7 near=28x4@0.5',
      { thresholds: { repeated_lines: 0.4, too_short: 1e-7 }, near: { bands: 28, rows: 4, similarity: 0.5 } },
    ],
    ['recommended too_short', undefined],
    ['recommended near=28', undefined],
  ] as const)('of version 2 says its recipe as a sentence: %s', async (preset, recipe) => {
    const dir = temporaryFolder();
    const manifest = writeFolder(dir, [document(1)]);
    const { documents, rejects } = manifest;
    writeFileSync(
      manifestPath(dir),
      JSON.stringify({ format: 'vua-documents', version: 2, preset, documents, rejects }),
    );
    if (recipe !== undefined)
      expect(readDocumentManifest(dir)).toEqual({
        ...manifest,
        recipe: recipeOf({ tones: 'old', paragraphs: 'keep', passages: 'keep', ...(recipe as Partial<Recipe>) }),
      });
    else
      expect(await thrownBy(() => readDocumentManifest(dir))).toMatchObject({
        code: 'BAD_MANIFEST',
        message: expect.stringContaining(`preset: "${preset}"`),
      });
  });

  it('says what to run when there is none, and when it is no JSON', async () => {
    const dir = temporaryFolder();
    const missing = await thrownBy(() => readTokenManifest(dir));
    expect(missing).toMatchObject({ code: 'NO_MANIFEST', hint: expect.stringContaining('vua tokens') });
    writeFileSync(manifestPath(dir), '{"format": "vua-doc');
    expect(await thrownBy(() => readDocumentManifest(dir))).toMatchObject({ code: 'BAD_JSON' });
  });

  it('has a fingerprint that follows the documents and nothing else', () => {
    const make = (ids: number[], drops: number[], preset: Recipe['preset'] = 'recommended'): string => {
      const manifest: DocumentManifest = writeFolder(
        temporaryFolder(),
        ids.map((n) => document(n)),
        {
          drops: drops.map((n) => drop(n)),
        },
      );
      return documentFingerprint({ ...manifest, recipe: recipeOf({ preset }) });
    };
    expect(make([1, 2], [])).toBe(make([1, 2], [7], 'keep-all'));
    expect(make([1, 2], [])).not.toBe(make([2, 1], []));
    expect(make([1, 2], [])).not.toBe(make([1], []));
  });

  it('is found in a folder itself and below the folder of a run', async () => {
    const run = temporaryFolder();
    const documents = join(run, 'documents');
    mkdirSync(documents);
    expect(await thrownBy(() => findFolders(run))).toMatchObject({ code: 'NO_MANIFEST' });
    writeFolder(documents, [document(1)]);
    expect(findFolders(run)).toEqual({ documents });
    expect(findFolders(documents)).toEqual({ documents });
    renameSync(manifestPath(documents), manifestPath(run));
    writeFileSync(manifestPath(run), '{"format":"other"}');
    expect(await thrownBy(() => findFolders(run))).toMatchObject({ code: 'BAD_MANIFEST' });
  });

  it('decides which files are left-overs; strangers are never touched', () => {
    const dir = temporaryFolder();
    const { documents, rejects } = writeFolder(dir, [document(1)], { drops: [drop(1)] });
    const orphans = [
      ...['documents-00001.arrow', 'rejects-00012.arrow', 'documents-00002.arrow.tmp', 'manifest.json.123.tmp'],
      'documents-00000.arrow.tmp',
    ];
    const strangers = ['dedup.sqlite', 'notes.arrow', 'train-00000.arrow', 'documents-1.arrow', 'manifest.json.bak'];
    for (const name of [...orphans, ...strangers]) writeFileSync(join(dir, name), '');
    expect(removeOrphans(dir, ['documents', 'rejects'], [...documents, ...rejects]).sort()).toEqual(orphans.sort());
    const left = ['documents-00000.arrow', 'manifest.json', 'rejects-00000.arrow', ...strangers];
    expect(readdirSync(dir).sort()).toEqual(left.sort());
  });
});
