/** What publishers say about use: statements kept word for word, the conclusion from them. */
import { describe, expect, it } from 'vitest';
import type { Consent, ConsentConclusion } from '../../crawlers/page.ts';
import { concludeAgain, concludeFrom, consentOf, decide, forbidsFollowing } from '../../crawlers/polite/consent.ts';
import { CONSENT_TABLE, consentTable } from '../../crawlers/polite/consent-table.ts';
import { expectLinear } from '../growth.ts';

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
    [['meta robots: noml'], 'no-train'],
    [['x-robots-tag: nocache'], 'no-train'],
    [['content-usage: ai=n'], 'no-train'],
    [['content-usage: genai=n, search=y'], 'no-train'],
    [['robots.txt content-signal: ai-input=no'], 'unknown'],
    [['robots.txt content-signal: ai-input=no, ai-train=yes'], 'open'],
    [['meta robots: unavailable_after: 25 Jun 2010 15:00:00 PST'], 'no-index'],
    [['meta robots: unavailable_after: Friday, 25-Jun-10 15:00:00 GMT'], 'no-index'],
    [['x-robots-tag: unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT, nofollow'], 'no-index'],
    [['meta robots: unavailable_after: 2010-06-25T15:00:00Z'], 'no-index'],
    [['meta robots: unavailable_after: 2010-06-25; noai'], 'no-train'],
    [['meta robots: unavailable_after: 2090-06-25'], 'unknown'],
    [['meta robots: unavailable_after: some day'], 'unknown'],
    [['x-robots-tag: googlebot: unavailable_after: 25 Jun 2010 15:00:00 PST'], 'unknown'],
    [['robots.txt disallow: / (for gptbot, ccbot)'], 'no-train'],
    [['ai.txt disallow: /a (for gptbot)'], 'no-train'],
    [['meta gptbot: noindex'], 'no-train'],
    [['meta google-extended: none'], 'no-train'],
    [['meta ccbot: nofollow'], 'unknown'],
    [['x-robots-tag: ccbot: noindex'], 'no-train'],
    [['x-robots-tag: googlebot: noindex, gptbot: noai'], 'no-train'],
  ] as const)('%j → %s', (statements, conclusion) => expect(concludeFrom(statements)).toBe(conclusion));
});

describe('consentOf', () => {
  it.each([
    ['<meta http-equiv="X-Robots-Tag" content="noai">', 'meta x-robots-tag: noai'],
    ['<meta property="robots" content="noai">', 'meta robots: noai'],
    ['<meta name="robots, googlebot" content="noai">', 'meta robots: noai'],
    ['<meta name="Content-Signal" content="search=yes, ai-train=no">', 'meta content-signal: search=yes, ai-train=no'],
    ['<meta http-equiv="content-usage" content="train-ai=n">', 'meta content-usage: train-ai=n'],
    ['<meta name="robots" content="index, no-ai">', 'meta robots: index, no-ai'],
  ])('reads a tag in the form of another: %s', (html, statement) => {
    expect(consentOf({ headers: [], html })).toEqual({ conclusion: 'no-train', statements: [statement] });
  });

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

  it('tells what decided, and knows it again, however much stands before it', () => {
    const html = `${'<meta name=robots content=all>'.repeat(100)}<meta name=robots content="${'max-snippet:9, '.repeat(60)}noai">`;
    const consent = consentOf({ headers: {}, html });
    expect([consent.conclusion, consent.statements.length]).toEqual(['no-train', 64]);
    expect(Math.max(...consent.statements.map((statement) => statement.length))).toBeLessThanOrEqual(500);
    expect(decide(consent.statements)).toEqual({ conclusion: 'no-train', statement: consent.statements.at(-1) });
  });

  it('hears what is said to crawlers for training by their names', () => {
    const html =
      '<meta name="GPTBot" content="noindex"><meta name="Google-Extended" content="none"><meta name=bingbot content=noindex>';
    expect(consentOf({ headers: {}, html }).statements).toEqual(['meta gptbot: noindex', 'meta google-extended: none']);
  });

  it('reads the whole page, in time that grows with it', async () => {
    const late = (n: number): string =>
      `<style>${'a{}'.repeat(n)}</style><meta name=robots content=noai>${'<p>'.repeat(n)}`;
    expect(consentOf({ headers: {}, html: late(50_000) }).conclusion).toBe('no-train');
    await expectLinear(
      (n) => '<meta '.repeat(n),
      (html) => consentOf({ headers: {}, html }),
      { from: 20_000 },
    );
  });

  it('takes a record of headers too', () => {
    expect(consentOf({ headers: { 'content-usage': 'train-ai=n' } }).conclusion).toBe('no-train');
    expect(consentOf({ headers: {}, html: '<p>noindex' })).toEqual({ conclusion: 'unknown', statements: [] });
  });
});

describe('the table', () => {
  it('has a row for each thing that is said, and each may be changed', () => {
    for (const { statement, conclusion } of CONSENT_TABLE) {
      expect(consentTable().get(statement)).toBe(conclusion);
      expect(consentTable([`${statement}=open`]).get(statement)).toBe('open');
    }
    expect(new Set(CONSENT_TABLE.map(({ statement }) => statement)).size).toBe(CONSENT_TABLE.length);
    const relaxed = consentTable(['noarchive=unknown', 'ai-input=no=no-train']);
    expect(concludeFrom(['meta robots: noarchive'], undefined, relaxed)).toBe('unknown');
    expect(concludeFrom(['meta robots: noarchive, noai'], undefined, relaxed)).toBe('no-train');
    expect(concludeFrom(['content-signal: ai-input=no'], undefined, relaxed)).toBe('no-train');
  });

  it.each(['noarchive', 'noarchive=yes', 'nothing=open', '=open', ''])('%j is no row', (change) => {
    expect(() => consentTable([change])).toThrow(expect.objectContaining({ code: 'BAD_OPTION', exitStatus: 2 }));
  });

  it('concludes again from what a record says, and keeps what it says beyond', () => {
    const relaxed = consentTable(['noarchive=unknown']);
    const consent = (conclusion: ConsentConclusion, ...statements: string[]) => ({ conclusion, statements });
    const of = (given: Consent, table = relaxed) => concludeAgain(given, table).conclusion;
    expect(of(consent('no-train', 'meta robots: noarchive'))).toBe('unknown');
    expect(of(consent('no-train', 'meta robots: noarchive'), consentTable())).toBe('no-train');
    expect(of(consent('no-train'))).toBe('no-train');
    expect(of(consent('no-train', 'consent: no-train'))).toBe('no-train');
    expect(of(consent('unknown', 'meta robots: noml'))).toBe('no-train');
    expect(of(consent('open', 'consent: open'))).toBe('open');
  });
});

it('forbidsFollowing hears nofollow and none', () => {
  expect(forbidsFollowing(['meta gptbot: nofollow'])).toBe(false);
  expect(forbidsFollowing(['meta robots: index, NoFollow'])).toBe(true);
  expect(forbidsFollowing(['x-robots-tag: none'])).toBe(true);
  expect(forbidsFollowing(['x-robots-tag: bingbot: nofollow'])).toBe(false);
  expect(forbidsFollowing(['content-usage: nofollow=y'])).toBe(false);
});
