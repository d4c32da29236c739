import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { ReplaySubject, elementAt, filter, firstValueFrom } from 'rxjs';
import { openSupervisedDetector } from '../../../models/index.ts';
import type { Detector, SupervisedDetectorOptions, WorkerState } from '../../../models/index.ts';
import * as assert from '../assert.ts';
import { TINY, TINY_BYTES, TINY_TOKENS } from './tinyModel.ts';

/** Processes that were started while somebody watched. */
export interface WorkerProcesses extends Disposable {
  /** Oldest first. */
  readonly all: readonly ChildProcess[];
  /** The one that was started last. */
  readonly newest: ChildProcess;
  /** Waits until all of them are gone; one that stays fails the test by its time limit. */
  gone(): Promise<void>;
}

/** Gets hold of the processes that this one starts, as an operator of the system could. */
export function watchProcesses(): WorkerProcesses {
  const all: ChildProcess[] = [];
  const see = (message: unknown): void => {
    all.push((message as { process: ChildProcess }).process);
  };
  subscribe('child_process', see);
  return {
    all,
    get newest() {
      return all.at(-1)!;
    },
    gone: async () => {
      const running = all.filter((child) => child.exitCode === null && child.signalCode === null);
      await Promise.all(running.map((child) => once(child, 'exit')));
    },
    [Symbol.dispose]: () => unsubscribe('child_process', see),
  };
}

/** A supervised detector of the tiny model, its processes, and what it told. */
export interface Opened extends AsyncDisposable {
  readonly detector: Detector;
  readonly processes: WorkerProcesses;
  readonly states: readonly WorkerState[];
  /** Waits until a state was told so many times. Default once. */
  told(state: WorkerState['state'], times?: number): Promise<WorkerState>;
}

/** Opens the tiny model under supervision. */
export async function openWatched(options: SupervisedDetectorOptions = {}): Promise<Opened> {
  const processes = watchProcesses();
  const states: WorkerState[] = [];
  const states$ = new ReplaySubject<WorkerState>();
  states$.subscribe((state) => states.push(state));
  const detector = await openSupervisedDetector({
    model: TINY,
    device: 'cpu',
    threads: 1,
    ...options,
    onState: (state) => states$.next(state),
  });
  return {
    detector,
    processes,
    states,
    told: (wanted, times = 1) =>
      firstValueFrom(
        states$.pipe(
          filter(({ state }) => state === wanted),
          elementAt(times - 1),
        ),
      ),
    [Symbol.asyncDispose]: async () => {
      await detector.close();
      processes[Symbol.dispose]();
      await processes.gone();
    },
  };
}

/** Reads the tiny model's five objects. */
export async function expectReads(detector: Detector): Promise<void> {
  using features = await detector.encode(new Uint8Array(TINY_BYTES));
  const { tokens } = await detector.decode(features);
  assert.equal([...tokens], TINY_TOKENS);
}
