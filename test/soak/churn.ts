import type { Random } from './random.ts';
import { wait } from './wait.ts';

/** What becomes of the sources that come and go. */
export interface ChurnFindings {
  /** Requests that did what they were to do. */
  numDone: number;
  /** What the server answered to the others. */
  readonly refusals: string[];
}

/** How sources come and go. */
export interface ChurnConfig {
  readonly url: string;
  readonly random: Random;
  /** What a guest may play. */
  readonly addresses: readonly string[];
  readonly everyMs: number;
  readonly over: AbortSignal;
  readonly findings: ChurnFindings;
}

/** Guests that are there at a time, at most. */
const MAX_GUESTS = 2;

/** Adds, pauses, resumes and removes sources over HTTP, by chance, until the run is over. */
export async function keepChanging(config: ChurnConfig): Promise<void> {
  const { url, random, addresses, everyMs, over, findings } = config;
  // Guests that are there, and whether each runs.
  const guests = new Map<string, boolean>();
  const ask = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(new URL(`/v1/sources${path}`, url), {
      method,
      ...(method === 'POST' ? { headers: { 'content-type': 'application/json' } } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) {
      findings.numDone += 1;
    } else {
      findings.refusals.push(`${method} ${path}: ${response.status} ${text.trim()}`);
    }
  };
  let numAdded = 0;
  const add = async (): Promise<void> => {
    const name = `guest-${numAdded % 4}`; // names come back: what is kept by name must not grow
    const source = addresses[numAdded % addresses.length] ?? 'test:';
    numAdded += 1;
    guests.set(name, true);
    await ask('POST', '', { name, source, loop: true });
  };
  while (await wait(everyMs, over)) {
    const name = random.pick([...guests.keys()]);
    const isRunning = name !== undefined && guests.get(name) === true;
    const chance = random.between(0, 1);
    if (name === undefined || (guests.size < MAX_GUESTS && chance < 0.4)) {
      await add();
    } else if (chance < 0.7) {
      guests.set(name, !isRunning);
      await ask('POST', `/${name}/${isRunning ? 'pause' : 'resume'}`);
    } else {
      guests.delete(name);
      await ask('DELETE', `/${name}`);
    }
  }
}
