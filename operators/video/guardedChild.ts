/** Starts a program that ends when this process does, even when this process is killed with SIGKILL. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** A child whose three standard streams are ours. */
export type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** A child, and how it is ended. */
export interface StartedChild {
  readonly child: PipedChild;
  /** Kills the program at once. Idempotent. */
  stop(): void;
}

const SHELL = '/bin/sh';
/**
 * The shell starts the program and waits at a pipe of which this process holds the other end. A line
 * says that the program has ended by itself; the pipe's end without one, that it has to go: because
 * it was stopped, or because this process is gone. The shell then takes the program's exit code for
 * its own, so that no process is left that nobody waits for.
 */
const GUARD = '"$0" "$@" 3<&- & exec >/dev/null 2>&1; read -r _ <&3 || kill -9 $!; wait $!';

/**
 * Starts a program that must not outlive this process.
 * A program that waits for the network for ever would never notice that nobody reads it any more.
 * Windows ends children with their parent by itself; so it does without the guard, and so does a
 * system without a shell.
 */
export function spawnGuarded(program: string, args: readonly string[]): StartedChild {
  if (process.platform === 'win32' || !existsSync(SHELL)) {
    return spawnPlain(program, args);
  }
  const child = spawn(SHELL, ['-c', GUARD, program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const guard = child.stdio[3] as Writable;
  guard.on('error', () => undefined); // EPIPE: the shell is gone, and its program with it
  child.stderr.on('end', () => guard.end('\n')); // the shell does not hold it: the program has ended
  return { child, stop: () => void guard.destroy() };
}

/** Starts a program that ends by itself when nobody reads it any more. */
export function spawnPlain(program: string, args: readonly string[]): StartedChild {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  return { child, stop: () => void child.kill('SIGKILL') };
}

/**
 * Starts a program that ends by itself when nobody writes to it any more, in a process group of its own:
 * a terminal's Ctrl-C goes to this process alone. On Windows it goes to both.
 */
export function spawnApart(program: string, args: readonly string[]): StartedChild {
  const detached = process.platform !== 'win32'; // there it would get a window
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached });
  return { child, stop: () => void child.kill('SIGKILL') };
}
