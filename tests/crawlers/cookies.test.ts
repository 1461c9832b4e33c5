/** Walls that need a cookie open, once; other hosts get none. */
import { expect, it } from 'vitest';
import { HOST, run, serve, summary, web } from './crawl-fixture.ts';
import { type Handler, page } from './web.ts';

const wall =
  (via: string, behind: string): Handler =>
  ({ headers }) =>
    /\bpass=1\b/.test(headers.cookie ?? '')
      ? { body: behind }
      : { status: 302, headers: { location: via, 'set-cookie': ['pass=1; path=/; HttpOnly', 'gone=; max-age=0'] } };

it('a wall opens when it gets back what it has set', async () => {
  const check = { status: 302, headers: { location: '/' } };
  await serve({ [HOST]: { '/': wall('/check', page('/1')), '/check': check, '/1': wall('/1', page()) } });
  expect(summary(await run())).toEqual([
    'fetched a.vua.test/',
    'fetched a.vua.test/1',
    'redirect a.vua.test/',
    'redirect a.vua.test/check',
  ]);
  expect(web.requests.filter(({ headers }) => headers.cookie).map(({ headers }) => headers.cookie)).toEqual([
    'pass=1',
    'pass=1',
  ]);
});

it('a circle that no cookie opens ends, and cookies without a wall are not sent', async () => {
  const circle = { status: 302, headers: { location: '/', 'set-cookie': 'a=1' } };
  await serve({
    [HOST]: { '/': circle },
    'b.vua.test': { '/': { headers: { 'set-cookie': 'b=1' }, body: page('/1') }, '/1': page() },
  });
  const steps = await run({ seeds: [`http://${HOST}/`, 'http://b.vua.test/'] });
  expect(summary(steps)).toContain('refused a.vua.test/ redirect_loop');
  expect(web.requests.filter(({ host, headers }) => host === 'b.vua.test' && headers.cookie)).toEqual([]);
  expect(web.requests.filter(({ host, path }) => host === HOST && path === '/')).toHaveLength(2);
});
