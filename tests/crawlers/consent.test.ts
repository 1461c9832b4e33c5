/** What publishers say about use: statements kept word for word, the conclusion from them. */
import { describe, expect, it } from 'vitest';
import { concludeFrom, consentOf, forbidsFollowing } from '../../crawlers/polite/consent.ts';

describe('concludeFrom', () => {
  it.each([
    [[], 'unknown'],
    [['x-robots-tag: noai'], 'no-train'],
    [['x-robots-tag: NoAI, NoImageAI'], 'no-train'],
    [['x-robots-tag: noimageai'], 'unknown'],
    [['x-robots-tag: noindex, nofollow'], 'no-index'],
    [['x-robots-tag: none'], 'no-index'],
    [['x-robots-tag: noarchive'], 'no-train'],
    [['x-robots-tag: index, follow'], 'unknown'],
    [['x-robots-tag: googlebot: noindex, noai'], 'unknown'],
    [['x-robots-tag: vuabot: noindex'], 'no-index'],
    [['x-robots-tag: googlebot: nofollow, VuaBot: noai'], 'no-train'],
    [['x-robots-tag: max-snippet:50, noindex'], 'no-index'],
    [['x-robots-tag: unavailable_after: 25 Jun 2030 15:00:00 PST, noai'], 'no-train'],
    [['x-robots-tag: unavailable_after: Wed, 03 Dec 2030 13:09:53 GMT, noindex'], 'no-index'],
    [['meta robots: noindex'], 'no-index'],
    [['meta vuabot: noai'], 'no-train'],
    [['meta robots: noindex nofollow noai'], 'no-train'],
    [['x-robots-tag: googlebot: noindex noai'], 'unknown'],
    [['x-robots-tag: index; noai'], 'no-train'],
    [['tdm-reservation: 1', 'tdm-policy: https://a.example/p.json'], 'no-train'],
    [['tdm-reservation: 0'], 'open'],
    [['meta tdm-reservation: 1'], 'no-train'],
    [['tdmrep.json tdm-reservation: 1'], 'no-train'],
    [['content-usage: train-ai=n'], 'no-train'],
    [['content-usage: train-ai=y, search=n'], 'no-index'],
    [['content-usage: train-ai=y;exceptions=none'], 'open'],
    [['content-usage: train-ai=?0'], 'no-train'],
    [['robots.txt content-usage: /ai/ train-ai=n'], 'no-train'],
    [['robots.txt content-signal: search=yes,ai-train=no'], 'no-train'],
    [['robots.txt content-signal: search=yes, ai-input=no, ai-train=yes'], 'open'],
    [['robots.txt content-signal: search=yes'], 'unknown'],
    [['robots.txt content-signal: search = yes; ai-train = no'], 'no-train'],
    [['content-usage: search=y train-ai=n'], 'no-train'],
    [['ai.txt disallow: /'], 'no-train'],
    [['ai.txt allow: /'], 'open'],
    [['tdm-reservation: 0', 'meta robots: noindex', 'x-robots-tag: noai'], 'no-train'],
    [['tdm-reservation: 0', 'meta robots: noindex'], 'no-index'],
  ] as const)('%j → %s', (statements, conclusion) => expect(concludeFrom(statements)).toBe(conclusion));
});

describe('consentOf', () => {
  it('keeps statements word for word, in order, whatever they mean', () => {
    const consent = consentOf({
      headers: [
        ['X-Robots-Tag', 'googlebot: noindex'],
        ['Server', 'nginx'],
        ['x-robots-tag', 'NOAI'],
        ['TDM-Policy', 'https://a.example/p'],
      ],
      html: `<head><!-- <meta name="robots" content="noindex"> --><META NAME=Robots CONTENT="index,\n follow">
        <meta name="description" content="noai"><script>'<meta name="robots" content="none">'</script>
        <meta content="1" name='tdm-reservation'><meta name="googlebot" content="noindex"></head>`,
      extraStatements: ['robots.txt content-signal: ai-train=no'],
    });
    expect(consent).toEqual({
      conclusion: 'no-train',
      statements: [
        'robots.txt content-signal: ai-train=no',
        'x-robots-tag: googlebot: noindex',
        'x-robots-tag: NOAI',
        'tdm-policy: https://a.example/p',
        'meta robots: index, follow',
        'meta tdm-reservation: 1',
      ],
    });
  });

  it('keeps the scope of one header out of the next', () => {
    const separate = [
      ['x-robots-tag', 'googlebot: nofollow'],
      ['x-robots-tag', 'noindex'],
    ] as const;
    expect(consentOf({ headers: separate }).conclusion).toBe('no-index');
  });

  it('takes a record of headers too', () => {
    expect(consentOf({ headers: { 'content-usage': 'train-ai=n' } }).conclusion).toBe('no-train');
    expect(consentOf({ headers: {}, html: '<p>noindex' })).toEqual({ conclusion: 'unknown', statements: [] });
  });
});

it('forbidsFollowing hears nofollow and none', () => {
  expect(forbidsFollowing(['meta robots: index, NoFollow'])).toBe(true);
  expect(forbidsFollowing(['x-robots-tag: none'])).toBe(true);
  expect(forbidsFollowing(['x-robots-tag: bingbot: nofollow'])).toBe(false);
  expect(forbidsFollowing(['content-usage: nofollow=y'])).toBe(false);
});
