/** Where connections may go: what is private is refused after resolution, on every connection, and a canary hears nothing. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressWall } from '../../crawlers/addresses.ts';
import type { CrawlOptions } from '../../crawlers/options.ts';
import { records, run, serve, summary, web } from './crawl-fixture.ts';
import { type Answer, page, type Sites } from './web.ts';

const CLOSED = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '100.127.255.255', '127.0.0.1', '127.9.9.9'],
  ...['168.63.129.16', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1'],
  ...['192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1'],
  ...['64:ff9b::a00:1', '64:ff9b:1::7f00:1', '100::1', '2001::1', '2001:0:7f00:1::1', '2001:2::1', '2001:10::1'],
  ...['2001:db8::1', '2002:7f00:1::', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0'],
  ...['fec0::1', 'ff02::1'],
];
const OPEN = [
  ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
  ...['172.15.255.255', '172.32.0.0', '192.167.255.255', '223.255.255.255', '203.162.4.1', '2400:cb00::1'],
  ...['2001:ee0::1', '2606:4700::1111', '::ffff:1.1.1.1', '64:ff9b::1.1.1.1', '64:ff9b::203.162.4.1'],
];

describe('addresses', () => {
  const check = addressWall([]).check;
  it.each(CLOSED)('%s is closed', (address) => expect(answerOf(address)).rejects.toThrow('no public address'));
  it.each(OPEN)('%s is open', async (address) => {
    check(address);
    expect(await answerOf(address)).toEqual([{ address, family: address.includes(':') ? 6 : 4 }]);
  });

  it('are opened by network, in whatever form they come', async () => {
    const allowed = ['127.0.0.2', '10.1.0.0/16', 'fd00::/8', 'fe80::/10'];
    const inside = ['127.0.0.2', '10.1.255.255', '::ffff:7f00:2', '64:ff9b::10.1.0.1', 'fd12::1', 'fe80::1%eth0'];
    for (const address of inside) expect(await answerOf(address, allowed)).toHaveLength(1);
    for (const address of ['127.0.0.1', '127.0.0.3', '10.2.0.0', 'fc00::1', '::ffff:127.0.0.1']) {
      await expect(answerOf(address, allowed)).rejects.toThrow('no public address');
    }
  });

  it('are closed where one of several is, and literals are looked at too', async () => {
    const mixed = answering({ mixed: ['1.1.1.1', '10.0.0.1'] });
    await expect(answerOf('mixed', [], mixed)).rejects.toThrow('mixed is at 10.0.0.1, no public address');
    expect(() => check('127.0.0.1')).toThrow('127.0.0.1 is no public address');
    expect(() => check('::ffff:7f00:1')).toThrow('no public address');
  });

  it.each(['localhost', '127.0.0.1/33', '::1/129', '10.0.0.0/', '1.2.3', '', 'fe80::1%eth0/64'])(
    '%j is none',
    (text) => {
      expect(() => addressWall([text])).toThrow(expect.objectContaining({ code: 'BAD_ADDRESS', exitStatus: 2 }));
    },
  );
});

describe('a crawl', () => {
  let canary: Server;
  let port: number;
  let reached: string[];
  beforeEach(async () => {
    reached = [];
    canary = createServer((request, response) => {
      reached.push(`${request.headers.host}${request.url}`);
      response.setHeader('content-type', 'text/html').end('secret');
    });
    canary.on('connection', () => reached.push('connected'));
    await new Promise<void>((resolve) => canary.listen(0, resolve)); // IPv4 and, where there is one, IPv6
    port = (canary.address() as AddressInfo).port;
  });
  afterEach(async () => {
    canary.closeAllConnections();
    await new Promise((resolve) => canary.close(resolve));
  });

  /** Crawls `a.vua.test`, which stands at 127.0.0.2, from its own port; what else it names is looked up in `names`. */
  async function crawlOf(
    pages: (canaryPort: number) => Sites[string],
    names: Readonly<Record<string, readonly string[]>> = {},
    options: Partial<CrawlOptions> = {},
  ) {
    await serve({ 'a.vua.test': pages(port), 'b.vua.test': { '/': page() } }, '127.0.0.2');
    const own = { 'a.vua.test': ['127.0.0.2'], 'b.vua.test': ['127.0.0.2'] };
    const notes: string[] = [];
    const steps = await run({
      seeds: [`http://a.vua.test:${web.port}/`],
      connectTo: {},
      allowedAddresses: ['127.0.0.2'],
      allowedHosts: HOSTS,
      lookup: answering({ ...own, ...names }),
      note: (text) => notes.push(text),
      ...options,
    });
    return { steps, notes };
  }
  const HOSTS = [
    ...['127.0.0.1', '0.0.0.0', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:0:7f00:1]', '[64:ff9b::127.0.0.1]'],
    ...['localhost', 'a.localhost', 'in.vua.test', 'mapped.vua.test', 'mixed.vua.test', 'b.vua.test'],
  ];
  const NAMES = {
    localhost: ['127.0.0.1'],
    'a.localhost': ['::1'],
    'in.vua.test': ['127.0.0.1'],
    'mapped.vua.test': ['::ffff:127.0.0.1'],
    'mixed.vua.test': ['127.0.0.2', '127.0.0.1'],
  };
  const WAYS = [
    ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '127.0.0.1.', '0.0.0.0', '0', '[::1]', '[::]'],
    ...['[::ffff:127.0.0.1]', '[0:0:0:0:0:ffff:7f00:1]', '[::ffff:0:7f00:1]', '[64:ff9b::127.0.0.1]', '①②⑦.0.0.1'],
    ...['localhost', 'LocalHost.', 'a.localhost', 'in.vua.test', 'mapped.vua.test', 'mixed.vua.test'],
  ];
  const to = (location: string): Answer => ({
    status: 302,
    headers: { location: Buffer.from(location).toString('latin1') },
  });

  it.each(WAYS)('reaches nothing by http://%s/: link, redirect, sitemap, seed', async (host) => {
    const { steps, notes } = await crawlOf(
      (inside) => ({
        '/robots.txt': { body: `Sitemap: http://${host}:${inside}/s.xml\nSitemap: /moved.xml` },
        '/moved.xml': to(`http://${host}:${inside}/moved.xml`),
        '/': `${page(`http://${host}:${inside}/link`, '/moved')}<link rel="canonical" href="http://${host}:${inside}/c">`,
        '/moved': to(`http://${host}:${inside}/moved`),
      }),
      NAMES,
    );
    expect(reached).toEqual([]);
    const refused = steps.filter(({ kind }) => kind === 'refused');
    expect(refused.map(({ reason, status }) => [reason, status])).toEqual(Array(5).fill(['private_address', 0]));
    expect(refused.map(({ url }) => new URL(url).pathname).sort()).toEqual(
      ['/c', '/link', '/moved', '/moved.xml', '/s.xml'].sort(),
    );
    expect(notes).toEqual([expect.stringMatching(/private_address: .*no public address; --allow-address/)]);
    const seed = { seeds: [`http://${host}:${port}/`], lookup: answering(NAMES), connectTo: {} };
    expect((await run(seed)).at(-1)).toMatchObject({ reason: 'private_address' });
    expect(reached).toEqual([]);
  });

  it.each(WAYS)('is not led to http://%s/ by a robots.txt, and archives nothing of it', async (host) => {
    const { steps } = await crawlOf(
      (inside) => ({ '/robots.txt': to(`http://${host}:${inside}/x`), '/': page() }),
      NAMES,
    );
    expect(summary(steps)).toEqual([`refused a.vua.test:${web.port}/ private_address`]);
    expect(reached).toEqual([]);
    expect((await records()).map(({ url, status }) => [new URL(url).pathname, status])).toEqual([['/robots.txt', 302]]);
  });

  it('goes to the address that was looked at, whatever the name means a moment later', async () => {
    let asked = 0;
    const rebinding: LookupFunction = (host, options, answer) =>
      answering({ [host]: [asked++ % 2 === 1 || asked === 1 ? '127.0.0.2' : '127.0.0.1'] })(host, options, answer);
    // Both listen on the same port; every answer closes its connection, so that each request asks the resolver.
    const close = { headers: { connection: 'close' } };
    await serve(
      { 'a.vua.test': { '/robots.txt': { ...close, status: 404 }, '/': { ...close, body: page('/1', '/2') } } },
      '127.0.0.2',
    );
    const twin = createServer(() => reached.push('twin')).on('connection', () => reached.push('twin connected'));
    await new Promise<void>((resolve) => twin.listen(web.port, '127.0.0.1', resolve));
    const seeds = [`http://a.vua.test:${web.port}/`];
    const steps = await run({ seeds, connectTo: {}, allowedAddresses: ['127.0.0.2'], lookup: rebinding });
    await new Promise((resolve) => twin.close(resolve));
    expect(asked).toBeGreaterThan(2);
    expect(reached).toEqual([]);
    expect(steps.some(({ reason, retryAt }) => reason === 'private_address' && retryAt === undefined)).toBe(true);
  });

  it('keeps routes to the addresses that its user gave, and checks what a route names', async () => {
    const { steps } = await crawlOf(
      () => ({}),
      {},
      {
        seeds: ['http://route.test/', 'http://name.test/'],
        connectTo: { 'route.test': `127.0.0.1:${port}`, 'name.test': `inner.test:${port}` },
        lookup: answering({ 'inner.test': ['127.0.0.1'] }),
      },
    );
    expect(summary(steps)).toEqual(['fetched route.test/', 'refused name.test/ private_address']);
    expect(reached.filter((seen) => seen.startsWith('name'))).toEqual([]);
  });

  it('asks again once the address is allowed, or the name has moved', async () => {
    const pages = () => ({ '/': page() });
    const inside = { allowedAddresses: [] };
    expect((await crawlOf(pages, {}, inside)).steps).toMatchObject([{ reason: 'private_address' }]);
    const again = { seeds: [], connectTo: {}, lookup: answering({ 'a.vua.test': ['127.0.0.2'] }) };
    expect(await run({ ...again, allowedAddresses: ['127.0.0.0/8'] })).toMatchObject([
      { kind: 'fetched', status: 200 },
    ]);
  });
});

/** A resolver that knows these names and no others. */
function answering(names: Readonly<Record<string, readonly string[]>>): LookupFunction {
  return (host, _options, answer) => {
    const found = names[host.replace(/\.$/, '')];
    if (!found) return answer(Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' }), []);
    answer(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

/** What a wall's lookup answers where a name, or the address itself, means this. */
const answerOf = (
  host: string,
  allowed: readonly string[] = [],
  by = answering({ [host]: [host] }),
): Promise<unknown> =>
  new Promise((resolve, reject) =>
    addressWall(allowed, by).lookup(host, { all: true }, (error, found) => (error ? reject(error) : resolve(found))),
  );
