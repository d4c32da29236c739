/** Subscribers that are no good: some never read, some come and go. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Random } from './random.ts';
import { wait } from './wait.ts';

/** What became of them. */
export interface BadFindings {
  /** Times one began not to read. */
  numStalled: number;
  /** Of those, closed by the server. */
  numGivenUp: number;
  /** Times one came and went. */
  numVisits: number;
}

/** Where they go, and for how long. */
export interface BadConfig {
  readonly url: string;
  readonly random: Random;
  /** Multiplies all times. */
  readonly scale: number;
  readonly over: AbortSignal;
  readonly findings: BadFindings;
}

/** How long a subscriber that does not read is left to itself: the server cuts it off after a minute. */
const STALL_MS = 90_000;

/**
 * Connects, asks for much and does not read, again and again.
 * @param picturesOf the source whose pictures it asks for; detections of all where absent
 */
export async function keepStalling(config: BadConfig, picturesOf?: string): Promise<void> {
  const { url, scale, over, findings } = config;
  do {
    using socket = openSocket(url, picturesOf);
    if (!(await socket.isOpen)) {
      continue;
    }
    if (picturesOf === undefined) {
      socket.subscribe({ id: 'stalled', policy: 'all', objects: true });
    }
    socket.inner.pause();
    findings.numStalled += 1;
    await wait(STALL_MS * scale, over);
    // what the server did is seen only by one who reads
    let code: number | undefined;
    socket.inner.on('close', (given) => (code = given));
    socket.inner.resume();
    await wait(Math.min(1_000, STALL_MS * scale), over);
    findings.numGivenUp += code === undefined ? 0 : 1;
  } while (await wait(250, over));
}

/** Comes, takes some of something, and goes, with a farewell or without. */
export async function keepVisiting(config: BadConfig, names: readonly string[]): Promise<void> {
  const { url, random, scale, over, findings } = config;
  do {
    const name = random.pick(names) ?? '*';
    const isViewer = random.between(0, 1) < 0.25;
    using socket = openSocket(url, isViewer ? name : undefined);
    if (!(await socket.isOpen)) {
      continue;
    }
    if (!isViewer) {
      const policy = random.pick(['latest', 'all', { everyMs: 500 }] as const);
      const filter = random.pick([{}, { minScore: 0.5 }, { limit: 1 }, { classes: ['person'] }]);
      const sources = random.pick([[name], ['camera-*'], ['guest-*']]);
      socket.subscribe({ id: 'visitor', sources, policy, ...filter });
    }
    socket.inner.on('message', () => undefined);
    await wait(random.between(500, 15_000) * scale, over);
    findings.numVisits += 1;
    if (random.between(0, 1) < 0.5) {
      socket.inner.close(1000);
    }
  } while (await wait(random.between(100, 3_000) * scale, over));
}

/** A socket that is gone at the end of its block. */
interface BadSocket extends Disposable {
  readonly inner: WebSocket;
  /** False where it was refused. */
  readonly isOpen: Promise<boolean>;
  subscribe(what: object): void;
}

function openSocket(url: string, picturesOf?: string): BadSocket {
  const address = url.replace(/^http/, 'ws');
  const inner = new WebSocket(
    picturesOf === undefined
      ? new URL('/v1', address)
      : new URL(`/v1/pictures?source=${encodeURIComponent(picturesOf)}`, address),
  );
  inner.on('error', () => undefined); // refused or cut off: so it goes
  return {
    inner,
    isOpen: once(inner, 'open').then(
      () => true,
      () => false,
    ),
    subscribe: (what) => inner.send(JSON.stringify({ type: 'subscribe', ...what })),
    [Symbol.dispose]: () => inner.terminate(),
  };
}
