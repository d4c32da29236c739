/** How bytes come to FFmpeg's WebAssembly build, piece by piece, while it blocks its worker thread. */
import type { Readable } from 'node:stream';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** The worker's end. */
export interface FeedEnd {
  readonly port: MessagePort;
  /** Counts pieces: what a reader that found none waits for. */
  readonly numSent: SharedArrayBuffer; // int32 [1]
}

/** The sender's end. */
export interface Feed {
  /** Goes to the worker, in its transfer list. */
  readonly end: FeedEnd;
  /** Sends a copy of a piece; `null` is the end. */
  send(piece: Uint8Array | null): void;
  close(): void;
}

/** Opens a feed. @param onTaken told each time that the worker has taken a piece */
export function openFeed(onTaken: () => void): Feed {
  const { port1: mine, port2: port } = new MessageChannel();
  const numSent = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const count = new Int32Array(numSent);
  mine.on('message', onTaken);
  return {
    end: { port, numSent },
    send(piece) {
      mine.postMessage(piece);
      Atomics.add(count, 0, 1);
      Atomics.notify(count, 0);
    },
    close: () => mine.close(),
  };
}

/**
 * Feeds a stream, a piece at a time as the worker takes them.
 * @param bytes borrowed: who opened it destroys it, which ends the feed too
 */
export function feedStream(bytes: Readable): FeedEnd {
  let numUntaken = 0;
  let hasEnded = false;
  const feed = openFeed(() => {
    numUntaken -= 1;
    if (hasEnded && numUntaken === 0) {
      feed.close();
    } else {
      bytes.resume();
    }
  });
  const send = (piece: Uint8Array | null): void => {
    numUntaken += 1;
    feed.send(piece);
  };
  bytes.on('data', (piece: Uint8Array) => {
    bytes.pause();
    send(piece);
  });
  bytes.on('end', () => {
    hasEnded = true;
    send(null);
  });
  bytes.on('close', () => {
    if (!hasEnded) {
      feed.close();
    }
  });
  return feed.end;
}

/** Makes a reader that blocks until there is something. @returns bytes read, 0 at the end */
export function feedReader({ port, numSent }: FeedEnd): (into: Uint8Array) => number {
  const count = new Int32Array(numSent);
  let rest: Uint8Array | null = new Uint8Array();
  return (into) => {
    while (rest?.length === 0) {
      const seen = Atomics.load(count, 0);
      const received: { message: Uint8Array | null } | undefined = receiveMessageOnPort(port);
      if (received === undefined) {
        Atomics.wait(count, 0, seen);
      } else {
        rest = received.message;
        port.postMessage('taken');
      }
    }
    const part = rest?.subarray(0, into.length) ?? new Uint8Array();
    into.set(part);
    rest = rest?.subarray(part.length) ?? null;
    return part.length;
  };
}
