/** Loaded before a program that is attacked (`--import`): tells of its event loop and memory when it is asked, and at its end. */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a probe tells. */
export interface Probed {
  /** Longest time that the event loop was held since the last reset, milliseconds. */
  readonly holdMs: number;
}

const NANOSECONDS = 1e6; // of a millisecond
/** Between two looks; less than what is of interest. */
const RESOLUTION_MS = 5;
/** Where the last figures are written, a file, or empty for nowhere; without it nothing is probed. */
export const PROBE_FILE = 'PROBE_FILE';

const file = process.env[PROBE_FILE];
if (file !== undefined) {
  delete process.env[PROBE_FILE]; // children inherit how this program was started, and are not probed
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const probed = (): Probed => ({ holdMs: Math.max(0, delays.max / NANOSECONDS - RESOLUTION_MS) });
  process.on('message', (request) => {
    if (request === 'reset') {
      delays.reset();
    }
    process.send?.({ probed: probed() });
  });
  process.channel?.unref(); // it must not keep the program
  if (file !== '') {
    process.on('exit', () => writeFileSync(file, JSON.stringify(probed())));
  }
}
