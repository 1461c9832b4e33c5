/** What a crawl archives beside the answers: requests, how a URL was come by, and that nothing has changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openInput } from '../../crawlers/sources/index.ts';
import { HOST, outDir, records, run, SEED, serve, web } from './crawl-fixture.ts';
import { page } from './web.ts';

/** Named fields and block of each record, as they stand in the file. */
function stored(): { fields: Record<string, string>; block: string }[] {
  const text = gunzipSync(readFileSync(join(outDir, 'warc', 'crawl-00000.warc.gz'))).toString('latin1');
  return text
    .split(/(?:^|\r\n\r\n)WARC\/1\.1\r\n/)
    .slice(1)
    .map((record) => {
      const [head, ...rest] = record.split('\r\n\r\n');
      return {
        fields: Object.fromEntries(head.split('\r\n').map((line) => line.split(/: (.*)/s) as [string, string])),
        block: rest.join('\r\n\r\n'),
      };
    });
}

it('writes the request and how a URL was come by, each beside its answer', async () => {
  await serve({ [HOST]: { '/': page('/1'), '/1': page() } });
  await run();
  const all = stored();
  const answer = all.find(
    ({ fields }) => fields['WARC-Type'] === 'response' && fields['WARC-Target-URI'] === `${SEED}1`,
  )!;
  expect(answer.fields).toMatchObject({
    'WARC-IP-Address': '127.0.0.1',
    'Content-Type': 'application/http; msgtype=response',
  });
  const beside = all.filter(({ fields }) => fields['WARC-Concurrent-To'] === answer.fields['WARC-Record-ID']);
  expect(beside.map(({ fields }) => fields['WARC-Type'])).toEqual(['request', 'metadata']);
  for (const { fields } of beside) {
    expect(fields).toMatchObject({ 'WARC-Target-URI': `${SEED}1`, 'WARC-Date': answer.fields['WARC-Date'] });
  }
  expect(beside[0].block).toMatch(
    /^GET \/1 HTTP\/1\.1\r\nhost: a\.vua\.test\r\nconnection: keep-alive\r\nUser-Agent: VuaBot/,
  );
  expect(beside[1].block.trimEnd()).toBe(`via: ${SEED}\r\ndepth: 1`);
  expect(all.filter(({ fields }) => fields['WARC-Type'] === 'request')).toHaveLength(web.requests.length);
  expect(new Set(all.map(({ fields }) => fields['WARC-Record-ID'])).size).toBe(all.length);
});

it('an answer with the same bytes is a revisit, one that says something else of its use is not', async () => {
  let noai = false;
  const header = () => ({ body: page(), headers: { 'x-robots-tag': noai ? 'noai' : 'all' } });
  await serve({ [HOST]: { '/': header } });
  await run();
  await run({ refreshAfterMs: 0 });
  noai = true;
  await run({ refreshAfterMs: 0 });
  await run({ refreshAfterMs: 0 });
  const front = (await records()).filter(({ url }) => url === SEED);
  expect(front.map(({ type, status, body }) => [type, status, body.length > 0])).toEqual([
    ['response', 200, true],
    ['revisit', 200, false],
    ['response', 200, true],
    ['revisit', 200, false],
  ]);
  const [first, second] = stored().filter(
    ({ fields }) => fields['WARC-Target-URI'] === SEED && /^re[sv]/.test(fields['WARC-Type']),
  );
  expect(second.fields).toMatchObject({
    'WARC-Profile': 'http://netpreserve.org/warc/1.1/revisit/identical-payload-digest',
    'WARC-Payload-Digest': first.fields['WARC-Payload-Digest'],
    'WARC-Refers-To-Target-URI': SEED,
    'WARC-Refers-To-Date': first.fields['WARC-Date'],
  });
  const notices: string[] = [];
  for await (const { notice, consent } of openInput(join(outDir, 'warc'), { withNotices: true }))
    if (notice === 'unchanged') notices.push(consent.conclusion);
  expect(notices).toEqual(['unknown', 'no-train']);
});
