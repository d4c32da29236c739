/**
 * Plays a test pattern, loses its decoder while no descriptor is left, and gives them back when that is told:
 * `withoutDescriptors.ts PATTERN`. Prints each state. To be started with a low limit of descriptors.
 */
import { closeSync, openSync } from 'node:fs';
import { fromLive } from '../../../operators/sources/fromLive.ts';
import { decodersOf } from '../media/liveWatch.ts';

const pattern = process.argv[2] ?? '';
const taken: number[] = [];
const states: string[] = [];

function takeAll(): void {
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return;
    }
  }
}

const subscription = fromLive(`test:${pattern}`, {
  image: { size: 64, pad: 114 },
  retryDelay: { minSeconds: 0.05, maxSeconds: 0.1 },
  onState(state, reason) {
    states.push(state);
    process.stdout.write(`${state}: ${reason}\n`);
    if (reason.includes('EMFILE')) {
      taken.splice(0).forEach((fd) => closeSync(fd));
    } else if (state === 'offline') {
      takeAll(); // those of the decoder, too
    }
  },
}).subscribe((frame) => {
  frame.close();
  if (states.length === 2 && taken.length === 0) {
    const decoders = decodersOf(`s=${pattern.split('@')[0]}`);
    takeAll();
    decoders.forEach((pid) => process.kill(pid, 'SIGKILL'));
  } else if (states.filter((state) => state === 'online').length === 2) {
    subscription.unsubscribe();
  }
});
