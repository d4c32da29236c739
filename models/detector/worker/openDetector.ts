import { invariant } from '../../core/errors.ts';
import { DETECTOR_OPTIONS } from '../../core/detectorOptions.ts';
import { resolveOptions } from '../../core/resolveOptions.ts';
import { MACHINE_DEFAULTS } from '../detectorOptions.ts';
import type { Detector, DetectorOptions } from '../../core/types.ts';
import { fromPlain } from './messages.ts';
import { startThread } from './threadPort.ts';
import { HangWatch } from './hangWatch.ts';
import { WorkerDetector, exitError } from './workerDetector.ts';
import type { WorkerPort } from './workerPort.ts';

/** How long a watched worker may take to open its model, the first run on a graphics card included. */
const OPENING_SECONDS = 300;

/** How a worker is watched. */
export interface WorkerWatch {
  /**
   * How long it may say nothing while it is asked something, seconds, by what its first frame took, milliseconds.
   * Default: for ever.
   */
  readonly hangSeconds?: (warmUpMs: number) => number;
  /** Ends the worker while it opens. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a model in a worker thread, so that computing never blocks the caller's event loop.
 * The worker keeps the process alive while it is asked something, and not while it is idle: a program that
 * forgets `close()` ends when nothing else is to be done. It is not replaced when it fails, and a thread
 * shares the process: what crashes within onnxruntime takes all of it down, and what hangs there
 * cannot be ended alone. `openSupervisedDetector` outlives both. Where the program ends while the model is at work,
 * it waits for the call that runs, which takes milliseconds.
 * @returns the detector, warmed up
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT
 * Owns: the caller, who calls `close()`.
 */
export async function openDetector(options: DetectorOptions = {}): Promise<Detector> {
  const resolved = resolveOptions('openDetector', DETECTOR_OPTIONS, options, MACHINE_DEFAULTS);
  return connect(startThread({ options: resolved }));
}

/**
 * Waits until a worker is ready.
 * @throws PipelineError ERR_WORKER_EXIT, and why the model does not open; the worker is gone then
 * Owns: takes the port.
 */
export function connect(port: WorkerPort, watch: WorkerWatch = {}): Promise<WorkerDetector> {
  const { hangSeconds, signal } = watch;
  const kill = (): void => port.kill();
  const hangWatch = new HangWatch(OPENING_SECONDS, kill);
  if (hangSeconds !== undefined) {
    hangWatch.start();
  }
  signal?.addEventListener('abort', kill);
  const connected = new Promise<WorkerDetector>((resolve, reject) => {
    let failure: Error | undefined;
    port.listen({
      reply: (first) => {
        if (first.type === 'ready') {
          resolve(new WorkerDetector(port, first, hangSeconds?.(first.warmUpMs)));
        } else {
          invariant(first.type === 'unable', 'a worker first says whether it is ready');
          failure = fromPlain(first.error); // told when the worker is gone
          port.kill();
        }
      },
      lost: (how, cause) => reject(failure ?? exitError(how, cause)),
    });
  });
  return connected.finally(() => {
    hangWatch.stop();
    signal?.removeEventListener('abort', kill);
  });
}
