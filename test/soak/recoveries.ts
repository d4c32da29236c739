import type { SoakCamera } from './cameras.ts';
import type { FaultKind } from './faults.ts';
import { wait } from './wait.ts';

/** A camera that is not seen for so long after its return is lost, milliseconds. */
const PATIENCE_MS = 30_000;

/** A camera that is back, and has not been seen yet. */
interface Awaited {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly camera: SoakCamera;
  /** Connections at its return, where its frames need a new one. */
  readonly numConnections: number;
}

/** Measures the time from a camera's return to the delivery of its first frame. */
export class Recoveries {
  readonly secondsByKind: Record<FaultKind, number[]> = {
    cut: [],
    freeze: [],
    refuse: [],
    kill: [],
  };
  /** Returns that nothing was seen of, for as long as patience lasts. */
  numMissed = 0;
  readonly #awaited = new Map<string, Awaited>();

  /** Takes note that a camera can be reached again from now on; for a cut or a kill it always could. */
  back(camera: SoakCamera, kind: FaultKind): void {
    const { numConnections } = camera;
    this.#awaited.set(camera.name, { kind, camera, atMs: Date.now(), numConnections });
  }

  /** Takes note of a frame. @param capturedAt when it came to the pipeline, epoch milliseconds */
  seen(source: string, capturedAt: number): void {
    const awaited = this.#awaited.get(source);
    if (awaited === undefined || capturedAt < awaited.atMs) {
      return;
    }
    const { kind, atMs, camera, numConnections } = awaited;
    // what was on its way when the connection was cut is no return; a frozen connection may just go on
    if (kind === 'freeze' || camera.numConnections > numConnections) {
      this.#awaited.delete(source);
      this.secondsByKind[kind].push((Date.now() - atMs) / 1_000);
    }
  }

  /** Waits until a camera has been seen after its return, or patience or the run is over. */
  async settled({ name }: SoakCamera, over: AbortSignal): Promise<void> {
    for (let awaited = this.#awaited.get(name); awaited !== undefined;) {
      if (Date.now() - awaited.atMs > PATIENCE_MS) {
        this.numMissed += 1;
        this.#awaited.delete(name);
      }
      if (!(await wait(100, over))) {
        return;
      }
      awaited = this.#awaited.get(name);
    }
  }
}
