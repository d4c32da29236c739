/**
 * Keeps a program from ending while a thread of it is inside onnxruntime. Node ends threads wherever they are,
 * and a call of onnxruntime-node that returns into a thread that is being ended aborts the whole process
 * (`Napi::Error`, onnxruntime-node 1.30.0): at `process.exit()` as well as at an uncaught error.
 */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

/** The thread's end. */
export interface ExitEnd {
  readonly port: MessagePort;
  /** 1 once the thread has stopped for good. */
  readonly hasStopped: SharedArrayBuffer; // int32 [1]
}

/** The owner's end. */
export interface ExitGuard {
  /** Goes to the thread, with its port in the transfer list. */
  readonly end: ExitEnd;
  /** To be called when the thread is gone. */
  release(): void;
}

/** The longest that an ending program waits, milliseconds: more than one call takes, also of the largest models. */
const LONGEST_CALL_MS = 60_000;

/**
 * Makes every way in which this process can end from within wait until a thread has come out of the call that it
 * is in, which lasts milliseconds with most models. A thread that does not come out by then hangs, and so would
 * Node, which waits for it too: the process kills itself.
 */
export function guardExit(): ExitGuard {
  const { port1: mine, port2: port } = new MessageChannel();
  const hasStopped = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  mine.unref();
  const stop = (): void => {
    mine.postMessage(null);
    if (Atomics.wait(new Int32Array(hasStopped), 0, 0, LONGEST_CALL_MS) === 'timed-out') {
      process.kill(process.pid, 'SIGKILL');
    }
  };
  process.once('exit', stop);
  return {
    end: { port, hasStopped },
    release() {
      process.off('exit', stop);
      mine.close();
    },
  };
}

/**
 * Lets the owner stop this thread where it can be ended: between two calls of onnxruntime, which all block it,
 * and before the library is loaded.
 */
export function stopAtExit({ port, hasStopped }: ExitEnd): void {
  const state = new Int32Array(hasStopped);
  const notifyOwner = (): void => {
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  };
  port.on('message', () => {
    notifyOwner();
    Atomics.wait(state, 0, 1); // until Node ends the thread
  });
  port.unref();
  process.once('exit', notifyOwner); // the thread ends by itself
}
