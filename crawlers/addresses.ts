/**
 * Which IP addresses a connection may go to. The web names hosts, and may name any: the loopback, a router, the metadata
 * service of a cloud. So what counts is the address that is connected to: each one that a resolver gives for a
 * connection is looked at, and the connection goes to these and no others, whatever the name answers a moment later.
 *
 *   open      0.0.0.0/0 and 2000::/3 (global unicast), without the special-purpose registries of IANA (RFC 6890)
 *             ::ffff:0:0/96 and 64:ff9b::/96 (IPv4 in IPv6, NAT64), where the IPv4 address in it is open
 *   closed    all others, and the addresses of this machine, which answer behind its firewall
 */
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { badInput } from './shell/errors.ts';

const OPEN = listOf(['0.0.0.0/0', '2000::/3']);
const CLOSED = listOf([
  '0.0.0.0/8', // this network; Linux connects to itself
  '10.0.0.0/8', // private
  '100.64.0.0/10', // behind a carrier's NAT
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // the host of an Azure machine
  '169.254.0.0/16', // link-local; 169.254.169.254 is the metadata service of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: any IPv4 address may stand in it
  '3fff::/20', // documentation
]);

/** The name or address of a URL leads where nobody said that this crawl may go. */
export class PrivateAddress extends Error {
  readonly code = 'PRIVATE_ADDRESS';

  constructor(host: string, address: string) {
    super(host === address ? `${address} is no public address` : `${host} is at ${address}, no public address`);
  }
}

/** This machine itself, under any spelling of its loopback. */
export const isLoopback = (address: string): boolean => /^(?:::ffff:)?127\.|^::1$/i.test(address);

export interface AddressWall {
  /** @throws PrivateAddress for an IP address that is closed; a host name passes, `lookup` looks at what it means. */
  check(host: string): void;
  /** For `net.connect`: answers what it was asked where every address is open, else with a PrivateAddress. */
  readonly lookup: LookupFunction;
}

/**
 * `allowed`: addresses and networks that are open besides, `127.0.0.1` or `10.1.0.0/16`.
 * @throws ToolkitError BAD_ADDRESS (exit 2).
 */
export function addressWall(
  allowed: readonly string[],
  lookup: LookupFunction = systemLookup as LookupFunction,
): AddressWall {
  for (const network of allowed) checkNetwork(network);
  const opened = listOf(allowed);
  const own = listOf(Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []));
  const has = (list: BlockList, address: string): boolean => list.check(address.split('%', 1)[0], familyOf(address)); // without the zone
  const isOpen = (address: string): boolean =>
    has(opened, address) || (has(OPEN, address) && !has(CLOSED, address) && !has(own, address));
  return {
    check(host) {
      if (isIP(host) && !isOpen(host)) throw new PrivateAddress(host, host);
    },
    lookup(host, options, answer) {
      lookup(host, { ...options, all: true }, (error, found) => {
        if (error) return answer(error, []);
        const addresses = found as Exclude<typeof found, string>;
        const closed = addresses.find(({ address }) => !isOpen(address));
        if (closed) answer(new PrivateAddress(host, closed.address), []);
        else if (options.all) answer(null, addresses);
        else answer(null, addresses[0].address, addresses[0].family);
      });
    },
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Networks as `net.BlockList` has them, IPv4 also as it stands in IPv6 (that it is mapped, the list sees itself). */
function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string?];
    const family = familyOf(address);
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family);
    if (family === 'ipv4') list.addSubnet(`64:ff9b::${address}`, 96 + Number(bits ?? 32), 'ipv6');
  }
  return list;
}

function checkNetwork(network: string): void {
  const [, address = '', bits] = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(network) ?? [];
  const family = isIP(address);
  if (family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128)) return;
  throw badInput(
    'BAD_ADDRESS',
    `address ${JSON.stringify(network)}: expected an IP address or a network in CIDR notation`,
    'for example 127.0.0.1 or 10.1.0.0/16',
  );
}
