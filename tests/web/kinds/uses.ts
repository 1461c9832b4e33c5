/** What pages and hosts say of their use; everything is stored with what follows from it. */
import type { ConsentConclusion } from '../../../crawlers/page.ts';
import type { Kind, Site } from '../kinds.ts';
import type { Answer, Routes } from '../server.ts';
import { pageOf } from '../text.ts';

const plain = (body: string): Answer => ({ headers: { 'content-type': 'text/plain' }, body });
const says = (conclusion: ConsentConclusion, page: Answer | string, more: Routes = {}): Site => ({
  routes: { '/': page, ...more },
  consent: { '/': conclusion },
  must: ['/'],
});
const meta = (host: string, head: string): string => pageOf(host, [], { head });
const header = (host: string, value: string): Answer => ({ headers: { 'x-robots-tag': value }, body: pageOf(host) });

const of = (name: string, make: (host: string) => Site): Kind => ({ name, site: ({ host }) => make(host) });

export const uses: readonly Kind[] = [
  of('says nothing', (host) => says('unknown', pageOf(host))),
  of('noai', (host) => says('no-train', meta(host, '<meta name="robots" content="noai, noimageai">'))),
  of('noml', (host) => says('no-train', header(host, 'noml'))),
  of('noarchive', (host) => says('no-train', header(host, 'noarchive'))),
  of('noindex', (host) => says('no-index', meta(host, '<META CONTENT=NOINDEX NAME=ROBOTS>'))),
  of('noindex for the crawler', (host) => says('no-index', header(host, 'vuabot: noindex'))),
  of('noindex for another', (host) => says('unknown', header(host, 'googlebot: noindex'))),
  of('gone by date', (host) => says('no-index', header(host, 'unavailable_after: 25 Jun 2020 15:00:00 GMT'))),
  of('gone later', (host) => says('unknown', header(host, 'unavailable_after: 25 Jun 2090 15:00:00 GMT'))),
  of('behind 64 KiB of style', (host) =>
    says('no-train', meta(host, `<style>${'p{color:red}'.repeat(8000)}</style><meta name="robots" content="noai">`)),
  ),
  of('in UTF-16', (host) =>
    says('no-train', { body: Buffer.from(`\uFEFF${meta(host, '<meta name=robots content=noai>')}`, 'utf16le') }),
  ),
  of('TDM reservation', (host) => says('no-train', { headers: { 'tdm-reservation': '1' }, body: pageOf(host) })),
  of('TDM reservation of the host', (host) =>
    says('no-train', pageOf(host), {
      '/.well-known/tdmrep.json': {
        headers: { 'content-type': 'application/json' },
        body: '[{"location":"/","tdm-reservation":1}]',
      },
    }),
  ),
  of('ai.txt', (host) => says('no-train', pageOf(host), { '/ai.txt': plain('User-Agent: *\nDisallow: /') })),
  of('Content-Signal', (host) =>
    says('no-train', pageOf(host), {
      '/robots.txt': plain('User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /'),
    }),
  ),
  of('ai-input alone', (host) =>
    says('unknown', pageOf(host), { '/robots.txt': plain('User-agent: *\nContent-Signal: ai-input=no\nAllow: /') }),
  ),
  of('Content-Usage', (host) => says('no-train', { headers: { 'content-usage': 'ai=n' }, body: pageOf(host) })),
  of('GPTBot is shut out', (host) =>
    says('no-train', pageOf(host), {
      '/robots.txt': plain('User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nDisallow: /cam'),
    }),
  ),
  of('nofollow for all links', (host) => ({
    routes: {
      '/': meta(host, '<meta name="robots" content="nofollow"><link rel=canonical href="/k">'),
      '*': pageOf('*'),
      '/robots.txt': { status: 404 },
      '/ai.txt': { status: 404 },
      '/.well-known/tdmrep.json': { status: 404 },
    },
  })),
];
