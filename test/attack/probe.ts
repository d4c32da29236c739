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
/** Where the last figures are written, `.PID` added; children of the program inherit the probe. */
export const PROBE_FILE = 'PROBE_FILE';

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
const probed = (): Probed => ({ holdMs: Math.max(0, delays.max / NANOSECONDS - RESOLUTION_MS) });

process.on('message', (request) => {
  if (request === 'reset') {
    delays.reset();
  }
  if (request === 'reset' || request === 'figures') {
    process.send?.({ probed: probed() });
  }
});
process.channel?.unref(); // it must not keep the program
const file = process.env[PROBE_FILE];
if (file !== undefined) {
  process.on('exit', () => writeFileSync(`${file}.${process.pid}`, JSON.stringify(probed())));
}
