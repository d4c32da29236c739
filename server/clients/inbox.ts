/** What waits for its turn, of one client, bytes: then its socket is not read until half of it is done. */
const MAX_WAITING_BYTES = 262_144;
/** A message takes this too, however short, bytes. */
const MESSAGE_BYTES = 1_024;

/** The part of a WebSocket an inbox needs. */
export interface InboxSocket {
  pause(): void;
  resume(): void;
}

/** What is to be done for one client, in the order in which it came. A client that sends faster is not read from. */
export class Inbox {
  readonly #socket: InboxSocket;
  readonly #onMore: () => void;
  #tasks: { readonly run: () => void; readonly numBytes: number }[] = [];
  #numBytes = 0;
  #isPaused = false;

  /** @param onMore called when something was added */
  constructor(socket: InboxSocket, onMore: () => void) {
    this.#socket = socket;
    this.#onMore = onMore;
  }

  get isEmpty(): boolean {
    return this.#tasks.length === 0;
  }

  /** Puts something behind all the rest. @param numBytes of the client's message that it is for */
  add(run: () => void, numBytes: number = 0): void {
    const task = { run, numBytes: numBytes + MESSAGE_BYTES };
    this.#tasks.push(task);
    this.#numBytes += task.numBytes;
    if (this.#numBytes > MAX_WAITING_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
    this.#onMore();
  }

  /** Does what came first. @returns whether there was anything */
  runNext(): boolean {
    const task = this.#tasks.shift();
    if (task === undefined) {
      return false;
    }
    this.#numBytes -= task.numBytes;
    if (this.#isPaused && this.#numBytes <= MAX_WAITING_BYTES / 2) {
      this.#resume();
    }
    task.run();
    return true;
  }

  /** Forgets everything; the socket is read from again, to hear its end. */
  clear(): void {
    this.#tasks = [];
    this.#numBytes = 0;
    this.#resume();
  }

  #resume(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }
}
