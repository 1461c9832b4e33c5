/** The consent table: printed by `vua explain`, changed by `--consent`, and named by what was dropped for it. */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { explainCommand } from '../../shards/commands/explain.ts';
import { story } from '../cleaning/support.ts';
import { context, temporaryFolder } from '../support.ts';

async function explained(options: object): Promise<string> {
  const heard = context();
  await explainCommand.run(explainCommand.options.parse(options), heard);
  return heard.out.join('');
}

async function cleaned(consent: readonly string[]): Promise<{ out: string; kept: string }> {
  const out = temporaryFolder();
  const input = join(out, 'a.html');
  const robots = '<meta name="robots" content="noarchive, max-snippet:50">';
  writeFileSync(input, `<html><head>${robots}</head><body><article><p>${story(1)}</p></article></body></html>`);
  const options = { input: [input], out: join(out, 'documents'), workers: 0, consent };
  const heard = context();
  await cleanCommand.run(cleanCommand.options.parse(options), heard);
  return { out: join(out, 'documents'), kept: heard.out.join('') };
}

describe('vua explain', () => {
  it('prints the table, with the rows that the user changed', async () => {
    const table = await explained({});
    expect(table).toMatch(/statement +conclusion +effect +why/);
    expect(table).toMatch(/noarchive +no-train +archived with what was said; no document/);
    expect(table).toMatch(/ai-input=n +unknown +stored/);
    expect(table).toMatch(/ai-crawler=disallow +no-train/);
    expect(await explained({ consent: ['noarchive=unknown'] })).toMatch(/noarchive +unknown +stored/);
    await expect(explained({ consent: ['nothing=open'] })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });

  it('names what decided on a page', async () => {
    const { out } = await cleaned([]);
    const said = await explained({ document: `file:${basename(dirname(out))}/a.html`, out });
    expect(said).toContain(
      'dropped by consent: no_train (1, threshold 0), because of "meta robots: noarchive, max-snippet:50"',
    );
    expect(said).toMatch(/meta robots: noarchive, max-snippet:50 +no-train +archived .*September 2023/);
  });

  it('a row that is relaxed lets its pages in, with what was said', async () => {
    const { out } = await cleaned(['noarchive=unknown']);
    const said = await explained({
      document: `file:${basename(dirname(out))}/a.html`,
      out,
      consent: ['noarchive=unknown'],
    });
    expect(said).toContain('kept (documents-00000.arrow)');
    expect(said).toMatch(/consent_statements +meta robots: noarchive, max-snippet:50/);
    expect(said).toMatch(/meta robots: noarchive, max-snippet:50 +unknown/);
  });
});
