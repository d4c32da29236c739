/** What happens to cameras, decoders and the detector during a soak. */
import type { SoakCamera } from './cameras.ts';
import { descendantsOf, isDecoder, isNode, killNow, listProcesses } from './processes.ts';
import type { Random } from './random.ts';
import type { Recoveries } from './recoveries.ts';
import { wait } from './wait.ts';

/** Kinds of faults of a camera. */
export type FaultKind = 'cut' | 'freeze' | 'refuse' | 'kill';

const KINDS: readonly FaultKind[] = ['cut', 'freeze', 'refuse', 'kill'];

/** What the faults share. */
export interface FaultConfig {
  readonly serverPid: number;
  readonly random: Random;
  /** Multiplies all times. */
  readonly scale: number;
  readonly over: AbortSignal;
  readonly recoveries: Recoveries;
  readonly note: (line: string) => void;
}

/** Lets one thing after the other happen to a camera, each 20 to 40 s after it was seen again. */
export async function keepFlapping(camera: SoakCamera, config: FaultConfig): Promise<void> {
  const { random, scale, over } = config;
  while (await wait(random.between(20_000, 40_000) * scale, over)) {
    await happen(random.pick(KINDS) ?? 'cut', camera, config);
    await config.recoveries.settled(camera, over);
  }
}

async function happen(kind: FaultKind, camera: SoakCamera, config: FaultConfig): Promise<void> {
  const { random, scale, over, recoveries } = config;
  const downMs = random.between(2_000, 12_000) * scale;
  switch (kind) {
    case 'cut':
      recoveries.back(camera, kind);
      camera.cut();
      break;
    case 'freeze':
      camera.freeze(true);
      await wait(downMs, over);
      recoveries.back(camera, kind);
      camera.freeze(false);
      break;
    case 'refuse':
      await camera.refuse();
      await wait(downMs, over);
      await camera.open();
      recoveries.back(camera, kind);
      break;
    case 'kill': {
      const all = descendantsOf(config.serverPid, await listProcesses());
      const decoder = all.find((one) => isDecoder(one) && one.command.includes(camera.url));
      if (decoder !== undefined && killNow(decoder.pid)) {
        recoveries.back(camera, kind);
      }
      break;
    }
  }
}

/**
 * Kills the detector's process now and then, where it has one of its own: a child of the server that is a Node
 * program.
 * @returns how often it did
 */
export async function keepKillingDetector(config: FaultConfig): Promise<number> {
  const { serverPid, random, scale, over, note } = config;
  let numKills = 0;
  let isNoted = false;
  while (await wait(random.between(60_000, 120_000) * scale, over)) {
    const children = (await listProcesses()).filter(({ parent }) => parent === serverPid);
    const detector = children.find(isNode);
    if (detector !== undefined && killNow(detector.pid)) {
      numKills += 1;
    } else if (!isNoted) {
      isNoted = true;
      note('the detector has no process of its own: it is not killed');
    }
  }
  return numKills;
}
