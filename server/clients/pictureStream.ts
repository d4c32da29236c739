import { Subscription } from 'rxjs';
import type { Observable } from 'rxjs';
import { toError } from '../../models/core/errors.ts';
import type { Ending } from './connection.ts';
import type { Counters } from '../hub/counters.ts';
import { MessageLimit } from './messageLimit.ts';
import type { ServerOptions } from '../options/serverOptions.ts';
import { Outbox } from './outbox.ts';
import type { OutboxSocket } from './outbox.ts';

/** What a picture viewer is connected with. */
export interface PictureViewerConfig {
  readonly socket: OutboxSocket;
  /** Whole messages; subscribed to until the viewer ends. */
  readonly pictures$: Observable<Uint8Array>;
  readonly options: Required<ServerOptions>;
  readonly counters: Counters;
  /** Ends the connection; `end()` of the viewer has been called before. */
  readonly onClose: (ending: Ending, text: string) => void;
}

/**
 * One client of `/v1/pictures`: sends it a picture when the one before has left, and always the newest.
 * A slow client sees fewer pictures, not older ones; at most one waits here.
 */
export class PictureViewer {
  readonly #outbox: Outbox;
  readonly #counters: Counters;
  readonly #onClose: PictureViewerConfig['onClose'];
  readonly #watching = new Subscription();
  readonly #limit: MessageLimit;
  /** The newest picture, kept while the client is busy. */
  #held: Uint8Array | undefined;

  constructor({ socket, pictures$, options, counters, onClose }: PictureViewerConfig) {
    this.#onClose = onClose;
    this.#counters = counters;
    this.#limit = new MessageLimit(options.maxMessagesPerSecond);
    this.#outbox = new Outbox(socket, {
      maxBytes: options.maxOutboxBytes,
      slowMs: options.slowClientMs,
      binary: true,
      counters,
      onRoom: () => this.#flush(),
      onStuck: () => this.#close('slow', `No picture was read for ${options.slowClientMs} ms`),
    });
    this.#watching.add(
      pictures$.subscribe({
        next: (picture) => this.#show(picture),
        error: (thrown: unknown) => this.#close('failed', toError(thrown).message),
        complete: () => this.#close('ended', 'No more pictures'),
      }),
    );
  }

  /** A picture socket takes no messages. */
  receive(): void {
    this.#close('protocol', 'A picture socket takes no messages');
  }

  /** Answers a ping. */
  ping(data: Uint8Array): void {
    if (this.#limit.admit(performance.now())) {
      this.#outbox.pong(data);
    } else {
      this.#close('protocol', 'Too many pings within a second');
    }
  }

  /** Ends the watching. Idempotent. */
  end(): void {
    this.#watching.unsubscribe();
    this.#outbox.close();
    this.#held = undefined;
  }

  #show(picture: Uint8Array): void {
    this.#counters.coalesced += this.#held === undefined ? 0 : 1;
    this.#held = picture;
    this.#flush();
  }

  #flush(): void {
    // Limit 0: only into an empty outbox.
    if (this.#held !== undefined && this.#outbox.offer(this.#held, 0)) {
      this.#held = undefined;
    }
  }

  #close(ending: Ending, text: string): void {
    this.end();
    this.#onClose(ending, text);
  }
}
