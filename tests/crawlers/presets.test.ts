/** Well-known sources as data, and which paths of a host a crawl is for. Nothing here asks them. */
import { expect, it } from 'vitest';
import { crawlCommand } from '../../crawlers/commands/crawl.ts';
import { canonicalUrl } from '../../crawlers/links/url.ts';
import { pathRules } from '../../crawlers/polite/paths.ts';
import { PRESETS, presetNamed } from '../../crawlers/presets.ts';
import { parseOptions } from '../../crawlers/shell/command.ts';
import { context, thrownBy } from '../support.ts';
import { HOST, run, serve, summary } from './crawl-fixture.ts';
import { page } from './web.ts';

it.each(PRESETS.map((preset) => [preset.name, preset] as const))('%s begins where it may go on', (_name, preset) => {
  const { seeds, allowPath, denyPath, note, extraction } = preset;
  const isAllowed = pathRules(allowPath, denyPath);
  const hosts = seeds.map((seed) => new URL(seed).hostname);
  for (const seed of seeds) expect([seed, canonicalUrl(seed), isAllowed(seed)]).toEqual([seed, seed, true]);
  expect([...allowPath, ...denyPath].filter((path) => !hosts.includes(path.split('/')[0]!))).toEqual([]);
  expect([note, extraction]).not.toContain('');
});

it('names are one each, and are listed', async () => {
  expect(new Set(PRESETS.map(({ name }) => name)).size).toBe(PRESETS.length);
  const heard = context();
  expect(
    await crawlCommand.run(
      parseOptions(crawlCommand, { preset: 'list' }, (key) => key),
      heard,
    ),
  ).toBe(0);
  expect(heard.out.join('')).toMatch(/wikipedia +Wikipedia tiếng Việt +free +vi\.wikipedia\.org/);
  expect(await thrownBy(() => presetNamed('wiki'))).toMatchObject({ code: 'BAD_OPTION', exitStatus: 2 });
});

it('of Wikipedia articles alone are asked for', () => {
  const { allowPath, denyPath } = presetNamed('wikipedia');
  const isAllowed = pathRules(allowPath, denyPath);
  const at = (path: string): boolean => isAllowed(canonicalUrl(`https://vi.wikipedia.org${path}`)!);
  const articles = ['/wiki/Hà_Nội', '/wiki/C%C3%A0_ph%C3%AA', '/wiki/AC/DC'];
  const others = [
    '/w/index.php?title=X&action=edit',
    '/wiki/Đặc_biệt:Ngẫu_nhiên',
    '/wiki/Thảo_luận:X',
    '/wiki/X?action=raw',
  ];
  expect([articles.filter(at), others.filter(at)]).toEqual([articles, []]);
});

it('links and redirects stay on the paths of their host; the longest pattern decides', async () => {
  await serve({
    [HOST]: {
      '/': page('/bai/1', '/bai/nhap/2', '/bai/nhap/hay/3', '/khac', '/bai/di'),
      '/bai/di': { status: 302, headers: { location: '/khac' } },
      '*': page(),
    },
  });
  const allowedPaths = [`${HOST}/bai/`, `${HOST}/bai/nhap/hay/*`];
  const steps = await run({ allowedPaths, deniedPaths: [`${HOST}/bai/nhap/`] });
  const fetched = ['', 'bai/1', 'bai/nhap/hay/3'].map((path) => `fetched ${HOST}/${path}`);
  expect(summary(steps)).toEqual([...fetched, `refused ${HOST}/bai/di other_path`]);
  expect(await thrownBy(() => run({ allowedPaths: ['/bai/'] }))).toMatchObject({ code: 'BAD_HOST', exitStatus: 2 });
});
