import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerFigures, ServerReply, ServerRequest, ServerStart } from './serverMessages.ts';
import { wait } from './wait.ts';

/** How long the process may take to end after it has closed its pipeline, milliseconds. */
const END_MS = 10_000;

/** The server process, seen from outside. */
export interface SoakServer extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** Aborted when the process has ended without having been told to. */
  readonly lost: AbortSignal;
  /** @throws Error where the process is gone */
  figures(): Promise<ServerFigures>;
  /** Closes the pipeline and waits for the end of the process. @returns the last figures, and whether it ended by itself, with code 0 */
  close(): Promise<{ readonly figures: ServerFigures; readonly hasEnded: boolean }>;
}

/** Starts the server process. @throws Error where it ends before it is ready */
export async function startServer(start: ServerStart): Promise<SoakServer> {
  const program = fileURLToPath(new URL('./serverProcess.ts', import.meta.url));
  const loader = new URL('../support/typescript.mjs', import.meta.url).href;
  const child = fork(program, [JSON.stringify(start)], {
    execArgv: ['--import', loader],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const lost = new AbortController();
  const ended = once(child, 'exit');
  let isClosing = false;
  void ended.then(() => (isClosing ? undefined : lost.abort()));
  process.on('exit', () => child.kill('SIGKILL'));

  const next = (): Promise<ServerReply> =>
    Promise.race([
      once(child, 'message').then(([reply]) => reply as ServerReply),
      ended.then(([code, signal]): never => {
        throw new Error(`The server process ended with ${String(signal ?? code)}`);
      }),
    ]);
  // One question after the other: answers do not say what they answer.
  let last: Promise<unknown> = Promise.resolve();
  const ask = (request: ServerRequest): Promise<ServerFigures> => {
    const answered = last.then(async () => {
      const reply = next();
      child.send(request, () => undefined); // what fails here is told as the end of the process
      const told = await reply;
      if (told.say !== 'figures') {
        throw new Error(`Expected figures of the server process, got \`${told.say}\``);
      }
      return told.figures;
    });
    last = answered.catch(() => undefined);
    return answered;
  };

  const ready = await next();
  if (ready.say !== 'ready' || child.pid === undefined) {
    throw new Error('The server process does not say where it listens');
  }
  return {
    pid: child.pid,
    url: ready.url,
    lost: lost.signal,
    figures: () => ask('figures'),
    async close() {
      isClosing = true;
      const figures = await ask('close');
      const patience = new AbortController();
      const hasEnded = await Promise.race([
        ended.then(([code]) => code === 0),
        wait(END_MS, patience.signal).then(() => false),
      ]);
      patience.abort();
      return { figures, hasEnded };
    },
    async [Symbol.asyncDispose]() {
      isClosing = true;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
