/**
 * Connections: TCP to an address that is open (addresses.ts), TLS over it for https, and what was agreed on to be spoken
 * there (ALPN). A host with several addresses is tried in turn until one answers.
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressWall } from '../addresses.ts';
import { ConnectionClosed } from './exchange.ts';

export interface Route {
  readonly hostname: string;
  readonly port: number;
}

export interface DialOptions {
  readonly wall: AddressWall;
  /** Host name of a URL → where its connections go; whoever runs this gave it. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Asked with the IP address that is connected to, before a byte is sent. @throws what ends the request. */
  readonly admit?: (address: string) => void;
  /** Certificates that are trusted besides, PEM. */
  readonly ca?: string;
}

export interface Dialled {
  readonly socket: Socket;
  readonly protocol: 'http/1.1' | 'h2';
  /** IP address that answers. */
  readonly address: string;
}

/** One address of several is given up after this, where a slow line takes a second for a handshake. */
const ATTEMPT_MS = 2500;

/** URL hosts have IPv6 addresses in brackets. */
export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/**
 * @param protocols what may be spoken with https, the best first
 * @throws PrivateAddress, and what Node says of DNS, TCP and TLS; what `signal` was aborted with
 */
export async function dial(
  { protocol, hostname, port }: URL,
  { wall, routes, admit, ca }: DialOptions,
  protocols: readonly Dialled['protocol'][],
  signal: AbortSignal,
): Promise<Dialled> {
  const host = withoutBrackets(hostname);
  const isSecure = protocol === 'https:';
  const route = routes.get(hostname) ?? { hostname: host, port: Number(port) || (isSecure ? 443 : 80) };
  if (!routes.has(hostname)) wall.check(host); // a route to an address was given by whoever runs this
  const tcp = connectTcp({
    host: route.hostname,
    port: route.port,
    lookup: wall.lookup as LookupFunction,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  });
  tcp.on('error', () => {}); // whoever waits hears of it
  const abort = (): void => void tcp.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    await once(tcp, 'connect');
    const address = tcp.remoteAddress ?? route.hostname;
    admit?.(address);
    if (!isSecure) return { socket: tcp, protocol: 'http/1.1', address };
    const tls = connectTls({
      socket: tcp,
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: [...protocols],
      ...(ca !== undefined && { ca }),
    });
    await once(tls, 'secureConnect');
    return { socket: tls, protocol: tls.alpnProtocol === 'h2' ? 'h2' : 'http/1.1', address };
  } catch (error) {
    tcp.destroy();
    throw errorOf(error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Of several addresses that were all tried: what the last had to say. */
function errorOf(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors.at(-1) ?? error) : error;
}

function once(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off('error', settle).off('close', onClose).off(event, onEvent);
      if (error) reject(error);
      else resolve();
    };
    const onEvent = (): void => settle();
    const onClose = (): void => settle(new ConnectionClosed('the connection was closed before it stood'));
    socket.once(event, onEvent).once('error', settle).once('close', onClose);
  });
}
