import type { Reply, Request } from './messages.ts';

/** Hears of a worker. */
export interface WorkerListener {
  reply(reply: Reply): void;
  /**
   * Called when the worker will say nothing more; maybe more than once.
   * @param how what became of it, as the end of a sentence
   */
  lost(how: string, cause?: unknown): void;
}

/** The owner's end of the line to a worker, be it a thread or a process. */
export interface WorkerPort {
  /** Says who hears of the worker from now on; called before the event loop turns. */
  listen(listener: WorkerListener): void;
  /** Asks something; where the worker is gone, nothing happens. */
  post(request: Request): void;
  /** Says whether the worker keeps the owner's process alive. Default: it does. */
  keepAlive(isWanted: boolean): void;
  /** Ends the worker without asking it. */
  kill(): void;
  /** Settles when the worker is gone. */
  readonly ended: Promise<unknown>;
}
