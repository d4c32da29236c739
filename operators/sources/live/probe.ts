import { connect } from 'node:net';
import { EMPTY, Observable } from 'rxjs';
import type { BackOff } from './backOff.ts';
import { LiveLoss } from './liveRun.ts';
import type { LiveAddress } from './liveSource.ts';

/** Longest wait for an answer, milliseconds: a machine that is off never says no. */
const ANSWER_MS = 2_000;
/** Longest wait between two probes where the caller allows it, seconds: most of the time that a return takes. */
const MAX_SECONDS = 0.4;
/** Servers that take many callers, so that one who only probes harms nobody, and their ports. */
const PORTS: Readonly<Record<string, number>> = {
  rtsp: 554,
  rtsps: 322,
  http: 80,
  https: 443,
  rtmp: 1935,
  rtmps: 443,
};

/**
 * Asks whether a lost camera answers at all, before a decoder is started for it.
 * A connection costs next to nothing and a decoder a tenth of a second, each second, for each
 * camera that is away. And each try asks anew, where FFmpeg would wait for an answer to its first
 * question for many seconds after the camera has come back.
 *
 * @returns nothing; completes at once where there is no way to ask; **errors:** LiveLoss
 */
export function probe(address: LiveAddress): Observable<never> {
  const endpoint = endpointOf(address);
  if (endpoint === undefined) {
    return EMPTY;
  }
  return new Observable<never>((subscriber) => {
    const socket = connect(endpoint);
    socket.setTimeout(ANSWER_MS);
    const lose = (reason: string): void =>
      subscriber.error(new LiveLoss('offline', reason, 'unanswered'));
    socket.on('connect', () => subscriber.complete());
    socket.on('timeout', () => lose('no answer'));
    socket.on('error', ({ message, code }: NodeJS.ErrnoException) =>
      lose(code === 'ECONNREFUSED' ? 'Connection refused' : message),
    );
    return () => socket.destroy();
  });
}

/** How long to wait between two probes: no longer than needed, for they cost next to nothing. */
export function probeDelay({ minSeconds, maxSeconds }: Required<BackOff>): Required<BackOff> {
  return { minSeconds, maxSeconds: Math.min(maxSeconds, Math.max(minSeconds, MAX_SECONDS)) };
}

/** What to probe, or nothing where that could do harm or tell nothing. */
function endpointOf(
  address: LiveAddress,
): { readonly host: string; readonly port: number } | undefined {
  if (address.kind !== 'network') {
    return undefined;
  }
  const port = PORTS[address.scheme];
  const isProxied = address.scheme.startsWith('http') && process.env['http_proxy'] !== undefined;
  if (port === undefined || isProxied || !URL.canParse(address.url)) {
    return undefined;
  }
  const url = new URL(address.url);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return host === '' ? undefined : { host, port: url.port === '' ? port : Number(url.port) };
}
