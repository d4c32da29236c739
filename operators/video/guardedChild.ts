/** Starts a program that ends when this process does, even when this process is killed with SIGKILL. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** A child whose three standard streams are ours. */
export type PipedChild = ChildProcessByStdio<Writable, Readable, Readable>;

const SHELL = '/bin/sh';
/**
 * A second process waits at a pipe of which this process holds the other end. A line says that the
 * program has ended by itself; the pipe's end without one, that this process is gone. `$$` stays the
 * number of the first process, which becomes the program.
 */
const GUARD = '(read -r _ || kill -9 $$) <&3 >/dev/null 2>&1 & exec "$0" "$@" 3<&-';

/**
 * Starts a program that must not outlive this process.
 * A program that waits for the network for ever would never notice that nobody reads it any more.
 * Windows ends children with their parent by itself; so it does without the guard, and so does a
 * system without a shell.
 */
export function spawnGuarded(program: string, args: readonly string[]): PipedChild {
  if (process.platform === 'win32' || !existsSync(SHELL)) {
    return spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  }
  const child = spawn(SHELL, ['-c', GUARD, program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const guard = child.stdio[3] as Writable;
  guard.on('error', () => undefined); // EPIPE: the guard has been killed too, and guards nothing
  child.on('exit', () => guard.end('\n'));
  return child;
}
