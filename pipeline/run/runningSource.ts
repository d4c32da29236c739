import { Subject, distinctUntilChanged, map } from 'rxjs';
import type { Observable, Subscription } from 'rxjs';
import { toError } from '../../models/index.ts';
import type { Mask } from '../../models/core/secrets.ts';
import type { FrameCounts, SourceEvent, SourceState } from '../../server/index.ts';
import { maskOfSource, sourceText } from './pipelineSource.ts';
import type { PipelineSource } from './pipelineSource.ts';
import type { FrameLedger } from './frameLedger.ts';

/** How a source of a pipeline is doing. */
export interface SourceReport {
  readonly name: string;
  /** What it plays, without its secrets; `frames` for frames of one's own. */
  readonly source: string;
  readonly state: SourceState;
  /** Why, in words for people; `paused` where it is. */
  readonly reason: string;
  /** Whether it is open now: neither paused, nor ended, nor failed. */
  readonly isRunning: boolean;
  readonly counts: FrameCounts;
}

/** Reason of the state `offline` while a source is paused. */
const PAUSED = 'paused';

/** A source that can be started and stopped, under the same name and ledger. */
export class RunningSource {
  readonly given: PipelineSource;
  /** Everything the server is told; never errors, completes at the end of the source's life. */
  readonly events$: Observable<SourceEvent>;
  /** How it is doing, at each change of its state or of the reason. */
  readonly states$: Observable<SourceReport>;
  readonly #told$ = new Subject<SourceEvent>();
  readonly #ledger: FrameLedger;
  readonly #run$: Observable<SourceEvent>;
  readonly #mask: Mask;
  #run: Subscription | undefined;
  #state: SourceState = 'connecting';
  #reason = '';

  /** @param run$ opens the source at each subscription, and accounts for its frames */
  constructor(given: PipelineSource, ledger: FrameLedger, run$: Observable<SourceEvent>) {
    this.given = given;
    this.#ledger = ledger;
    this.#run$ = run$;
    this.#mask = maskOfSource(given);
    this.events$ = this.#told$.asObservable();
    this.states$ = this.#told$.pipe(
      map(() => `${this.#state} ${this.#reason}`),
      distinctUntilChanged(),
      map(() => this.report()),
    );
  }

  get isRunning(): boolean {
    return this.#run !== undefined && !this.#run.closed;
  }

  /** Opens the source, from its beginning; one that runs is left alone. */
  start(): void {
    if (this.isRunning) {
      return;
    }
    this.#tell('connecting', '');
    this.#run = this.#run$.subscribe({
      next: (event) => this.#pass(event),
      error: (thrown: unknown) => this.#tell('offline', toError(thrown).message),
      complete: () => this.#tell('ended', this.#state === 'ended' ? this.#reason : ''),
    });
  }

  /** Closes the source: its decoder, its queue, the frame under way. */
  pause(): void {
    this.#run?.unsubscribe();
    this.#tell('offline', PAUSED);
  }

  /** Closes the source for good and says so. */
  remove(): void {
    this.#run?.unsubscribe();
    this.#tell('ended', 'removed');
    this.#told$.complete();
  }

  /** Closes the source for good in silence. */
  close(): void {
    this.#run?.unsubscribe();
    this.#told$.complete();
  }

  /** How it is doing now. */
  report(): SourceReport {
    return {
      name: this.given.name,
      source: sourceText(this.given),
      state: this.#state,
      reason: this.#reason,
      isRunning: this.isRunning,
      counts: this.#ledger.counts(),
    };
  }

  #pass(told: SourceEvent): void {
    const event = told.type === 'status' ? { ...told, reason: this.#mask(told.reason) } : told;
    if (event.type === 'status') {
      this.#state = event.state;
      this.#reason = event.reason;
    } else if (event.type === 'arrival' && this.#state !== 'online') {
      this.#state = 'online';
      this.#reason = '';
    }
    this.#told$.next(event);
  }

  #tell(state: SourceState, reason: string): void {
    this.#pass({ type: 'status', source: this.given.name, state, reason });
  }
}
