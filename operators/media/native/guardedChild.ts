/** Starts programs whose end is this process's to say, whatever is killed: they themselves, their guard, or this process. */
import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { decoderGuard } from './decoderGuard.ts';

/** A child whose three standard streams are ours. */
export type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** A child, and how it is ended. */
export interface StartedChild {
  /** What keeps it from starting is told by its `error`, always. */
  readonly child: PipedChild;
  /** Kills the program at once, and lets go of its streams. Idempotent. */
  stop(): void;
}

/**
 * Starts a program that must not outlive this process: one that waits for the network for ever would never
 * notice that nobody reads it any more.
 * Its process group is its own, so that a terminal's Ctrl-C goes to this process alone; on Windows to both.
 */
export function spawnGuarded(program: string, args: readonly string[]): StartedChild {
  const started = spawnApart(program, args);
  decoderGuard.add(started.child);
  return started;
}

/** Starts a program that ends by itself when nobody writes to it any more, in a process group of its own. */
export function spawnApart(program: string, args: readonly string[]): StartedChild {
  const detached = process.platform !== 'win32'; // there it would get a window
  const child = withStreams(spawn(program, args, { stdio: 'pipe', detached }));
  const streams = [child.stdin, child.stdout, child.stderr];
  for (const emitter of [child, ...streams]) {
    emitter.on('error', () => undefined); // whoever wants to know of it listens as well
  }
  return {
    child,
    stop() {
      child.kill('SIGKILL');
      // a program that the system cannot end, or one that has them from it, must not hold this process
      streams.forEach((stream) => stream.destroy());
      child.unref();
    },
  };
}

/** Node gives a child no streams at all where there is no descriptor left for them; it tells of it as `error`. */
function withStreams(child: ChildProcess): PipedChild {
  const { stdin, stdout, stderr } = child as Partial<PipedChild>;
  const nothing = (): Readable => Readable.from([]);
  const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  return Object.assign(child, {
    stdin: stdin ?? nowhere(),
    stdout: stdout ?? nothing(),
    stderr: stderr ?? nothing(),
  }) as PipedChild;
}
