/** Ways into what is no public place: whatever came to an address outside the web is a fault of its own. */
import type { At, Kind, Site } from '../kinds.ts';
import type { Answer } from '../server.ts';
import { pageOf } from '../text.ts';

const to = (location: string): Answer => ({
  status: 302,
  headers: { location: Buffer.from(location).toString('latin1') },
});

/** Every way at once: a link, a frame, a redirect, a sitemap, a robots.txt, a feed, and a meta refresh. */
const ways = ({ host, port }: At, inside: string): Site => {
  const secret = `http://${inside}:${port}`;
  return {
    routes: {
      '/robots.txt': { headers: { 'content-type': 'text/plain' }, body: `Sitemap: ${secret}/s.xml\nSitemap: /s2.xml` },
      '/s2.xml': to(`${secret}/s2.xml`),
      '/': pageOf(host, [`${secret}/link`, '/di', `http://${inside}/`, `https://${inside}:${port}/`], {
        head: `<meta http-equiv="refresh" content="0;url=${secret}/refresh"><link rel=canonical href="${secret}/canonical">`,
        body: `<iframe src="${secret}/frame"></iframe>`,
      }),
      '/di': to(`${secret}/di`),
    },
    may: ['/s2.xml', '/di'],
    opens: [inside],
  };
};
const literal = (name: string, inside: string): Kind => ({ name: `inside by ${name}`, site: (at) => ways(at, inside) });

export const privates: readonly Kind[] = [
  literal('the loopback', '127.0.0.1'),
  literal('a decimal address', '2130706433'),
  literal('a hexadecimal address', '0x7f000001'),
  literal('an octal address', '0177.0.0.1'),
  literal('a short address', '127.1'),
  literal('no address', '0.0.0.0'),
  literal('IPv6', '[::1]'),
  literal('IPv4 in IPv6', '[::ffff:127.0.0.1]'),
  literal('NAT64', '[64:ff9b::7f00:1]'),
  literal('the metadata service', '169.254.169.254'),
  literal('a private network', '10.0.0.1'),
  literal('wide digits', '①②⑦.⓪.⓪.①'),
  {
    name: 'inside by a name',
    site: (at) => ({
      ...ways(at, at.sub('trong')),
      means: (host, _times, own) => [host === at.host ? own : '127.0.0.1'],
    }),
  },
  {
    name: 'inside by one of two addresses',
    site: (at) => ({
      ...ways(at, at.sub('hai')),
      means: (host, _times, own) => (host === at.host ? [own] : [own, '127.0.0.1']),
    }),
  },
  {
    name: 'rebinding',
    site: ({ host, sub, port }) => {
      const close = (body: string): Answer => ({ headers: { connection: 'close' }, body });
      const names = Array.from({ length: 8 }, (_, i) => `/${'abcdefgh'[i]}`);
      const secret = `http://${sub('doi')}:${port}`;
      return {
        routes: {
          '/': close(pageOf(host, [...names, `${secret}/x`, '/di'])),
          '/di': to(`${secret}/di`),
          ...Object.fromEntries(names.map((name) => [name, close(pageOf(host + name))])),
        },
        opens: [sub('doi')],
        subs: { doi: { '*': pageOf('doi') } },
        must: [],
        may: ['/', '/di', '//doi/x', '//doi/di', ...names],
        most: 20,
        // Each time that it is asked the name means something else.
        means: (_host, times, own) => [times < 3 || times % 2 === 0 ? own : '127.0.0.1'],
      };
    },
  },
  {
    name: 'robots.txt leads inside',
    site: ({ port }) => ({
      routes: { '/robots.txt': to(`http://127.0.0.1:${port}/secret`), '/': pageOf('x') },
      must: [],
      most: 1,
      reason: 'private_address',
    }),
  },
  {
    name: 'a name of a private network',
    site: () => ({
      routes: { '*': pageOf('x') },
      must: [],
      most: 0,
      means: () => ['192.168.0.1'],
      reason: 'private_address',
    }),
  },
];
