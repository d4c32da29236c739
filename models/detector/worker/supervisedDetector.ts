import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PipelineError, toError } from '../../core/errors.ts';
import { DETECTOR_OPTIONS } from '../../core/detectorOptions.ts';
import type { OptionTable } from '../../core/options.ts';
import { resolveOptions } from '../../core/resolveOptions.ts';
import { MACHINE_DEFAULTS } from '../detectorOptions.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  DetectorOptions,
  Features,
  ModelInfo,
  Prompt,
  RespondHooks,
  RespondOptions,
  TokenSequence,
} from '../../core/types.ts';
import { expectThat } from '../../core/validate.ts';
import { startProcess } from './processPort.ts';
import { connect } from './openDetector.ts';
import { hangTimeoutSeconds } from './hangTimeout.ts';
import type { WorkerDetector } from './workerDetector.ts';

/** Shortest and longest wait before a worker is started again, milliseconds; doubled each time. */
const DELAY_MS = { min: 100, max: 5_000 } as const;
/** A worker that lived so long did not die at once, milliseconds. */
const STEADY_MS = 10_000;

/** What became of a supervised detector's worker. */
export interface WorkerState {
  /**
   * `lost`: it crashed, ended, or was ended since it hung; a new one is on its way. `failing`: a new
   * one could not be opened; the next attempt follows. `ready`: the new one is warm.
   */
  readonly state: 'lost' | 'failing' | 'ready';
  /** Workers that took the place of another so far. */
  readonly restarts: number;
  /** Why the worker was lost, or could not be opened. */
  readonly reason: Error;
}

/** Options of `openSupervisedDetector`. */
export interface SupervisedDetectorOptions extends DetectorOptions {
  /**
   * A worker that is asked something and says nothing for so long hangs, and is ended; seconds, above
   * 0, at most 3600. Default 20, or ten times what the first frame took where that is more: an encoder is
   * silent while it runs.
   */
  readonly hangSeconds?: number | undefined;
  /** Told of each loss of the worker and of each attempt to replace it; must not throw. Default: none. */
  readonly onState?: ((state: WorkerState) => void) | undefined;
}

const OPTIONS: OptionTable<SupervisedDetectorOptions> = {
  ...DETECTOR_OPTIONS,
  hangSeconds: { type: 'number', above: 0, max: 3_600, unit: 's' },
  onState: { type: 'hook' },
};

/**
 * Opens a model in a process of its own that is replaced whenever it fails.
 * A crash costs the frames that were being computed; the cameras go on.
 *
 * The worker may crash (also within onnxruntime, by a signal), be killed, run out of memory, or hang:
 * say nothing for `hangSeconds` while it is asked something. Calls that wait for an answer then reject
 * with ERR_WORKER_EXIT, and so does, at any time, what uses features of the lost worker. New calls to
 * `encode` wait for the next worker, which is opened and warmed up 0.1 seconds later; where workers die
 * within 10 seconds, or cannot be opened, the delay doubles, up to 5 seconds. This goes on for ever,
 * also where the model's files are gone; `onState` tells of it. A new worker whose model is
 * not the same any more counts as one that cannot be opened. A new worker gets a new process, so that
 * what onnxruntime does not give back goes with the old one. A thread would not do: a
 * crash within onnxruntime is the whole program's, and so, most often, is the end of a thread within a run.
 *
 * Against `openDetector` a frame takes about a millisecond more, in which its picture is copied.
 * Waiting calls are not limited in number: each caller holds the picture of its own. `close()` answers
 * what was asked before, rejects what waits for a worker, and ends the worker; it may be called at any time.
 * @returns the detector, warmed up; `device` is that of the newest worker
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT,
 * ERR_WORKER_EXIT where the first worker does not open
 * Owns: the caller, who calls `close()`. An idle worker does not keep the caller alive; one that is asked
 * something does, and so does one that is being replaced. Its process ends with the caller's, also where that is killed,
 * unless it hangs within onnxruntime at that moment: then when it comes back from there.
 */
export async function openSupervisedDetector(
  options: SupervisedDetectorOptions = {},
): Promise<Detector> {
  const { hangSeconds, onState, ...start } = resolveOptions(
    'openSupervisedDetector',
    OPTIONS,
    options,
    MACHINE_DEFAULTS,
  );
  const timeout = hangSeconds === undefined ? hangTimeoutSeconds : (): number => hangSeconds;
  const open = (signal?: AbortSignal): Promise<WorkerDetector> =>
    connect(startProcess({ options: start }), { hangSeconds: timeout, ...(signal && { signal }) });
  return new SupervisedDetector(await open(), open, onState);
}

class SupervisedDetector implements Detector {
  readonly model: ModelInfo;
  readonly #open: (signal: AbortSignal) => Promise<WorkerDetector>;
  readonly #onState: ((state: WorkerState) => void) | undefined;
  /** Aborted by `close()`. */
  readonly #closed = new AbortController();
  /** Whose features are whose. */
  readonly #owners = new WeakMap<Features, WorkerDetector>();
  /** The newest worker. */
  #worker: WorkerDetector;
  /** The worker to ask, once it is there. Rejects only after `close()`. */
  #current: Promise<WorkerDetector>;
  #closing: Promise<void> | undefined;
  #restarts = 0;
  /** Attempts in a row that came to nothing, or to a worker that died at once. */
  #numFailures = 0;

  constructor(
    first: WorkerDetector,
    open: (signal: AbortSignal) => Promise<WorkerDetector>,
    onState: ((state: WorkerState) => void) | undefined,
  ) {
    this.model = first.model;
    this.#open = open;
    this.#onState = onState;
    this.#worker = first;
    this.#current = Promise.resolve(first);
    this.#adopt(first);
  }

  get device(): Detector['device'] {
    return this.#worker.device;
  }

  async encode(image: Uint8Array): Promise<Features> {
    const worker = await this.#current;
    const features = await worker.encode(image);
    this.#owners.set(features, worker);
    return features;
  }

  async decode(
    features: Features,
    options?: DecodeOptions,
    hooks?: DecodeHooks,
  ): Promise<TokenSequence> {
    const worker = this.#owners.get(features);
    expectThat(worker !== undefined, 'features come from the detector that decodes');
    return worker.decode(features, options, hooks);
  }

  async respond(
    features: Features,
    prompts: readonly Prompt[],
    options?: RespondOptions,
    hooks?: RespondHooks,
  ): Promise<readonly Int32Array[]> {
    const worker = this.#owners.get(features);
    expectThat(worker !== undefined, 'features come from the detector that responds');
    return worker.respond(features, prompts, options, hooks);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #shutDown(): Promise<void> {
    this.#closed.abort();
    try {
      const worker = await this.#current;
      await worker.close();
    } catch {
      // there is no worker any more, which is what was asked for
    }
  }

  #adopt(worker: WorkerDetector): void {
    const startedMs = performance.now();
    this.#worker = worker;
    void worker.lost.then((reason) => {
      if (!this.#closed.signal.aborted) {
        this.#numFailures = performance.now() - startedMs < STEADY_MS ? this.#numFailures : 0;
        this.#current = this.#reopen(reason);
        this.#current.catch(() => {}); // whoever waits for it hears of it
        this.#report('lost', reason);
      }
    });
  }

  async #reopen(lost: Error): Promise<WorkerDetector> {
    const { signal } = this.#closed;
    for (;;) {
      try {
        const delayMs = Math.min(DELAY_MS.max, DELAY_MS.min * 2 ** this.#numFailures);
        this.#numFailures += 1;
        await delay(delayMs, undefined, { signal });
        const worker = await this.#open(signal);
        await this.#expectSame(worker);
        this.#restarts += 1;
        this.#adopt(worker);
        this.#report('ready', lost);
        return worker;
      } catch (thrown) {
        if (signal.aborted) {
          throw new PipelineError('ERR_WORKER_EXIT', 'The detector was closed');
        }
        this.#report('failing', toError(thrown));
      }
    }
  }

  /** What was configured for one model is not for another. */
  async #expectSame(worker: WorkerDetector): Promise<void> {
    if (!isDeepStrictEqual(worker.model, this.model)) {
      await worker.close();
      throw new PipelineError(
        'ERR_MODEL_CONTRACT',
        `The model \`${this.model.name}\` was replaced by another on disk; open a detector for the new one`,
      );
    }
  }

  /** Apart from what goes on here, which a callback that throws must not upset. */
  #report(state: WorkerState['state'], reason: Error): void {
    const restarts = this.#restarts;
    queueMicrotask(() => this.#onState?.({ state, restarts, reason }));
  }
}
