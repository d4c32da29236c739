/** Ends decoders when this process is gone, even when it was killed with SIGKILL. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';

const SHELL = '/bin/sh';
/**
 * The shell reads which processes there are, all of them in each line, from a pipe of which this process holds
 * the other end. When that is closed it ends those of the last line, most often none.
 */
const SCRIPT =
  'trap "" INT TERM HUP; pids=; while read -r line; do pids=$line; done; kill -9 $pids';
/** Time until a guard that was killed is replaced, milliseconds: a shell that cannot run is not started in a loop. */
const REPLACE_MS = 1_000;

/**
 * One shell beside all children of this process that it must take along. It is there only while they are, it is
 * replaced when it is killed, and nothing depends on it while this process lives.
 * Windows ends children with their parent by itself; a system without a shell goes without.
 */
export class DecoderGuard {
  readonly #pids = new Set<number>();
  #shell: ChildProcess | undefined;

  /** Watches a child until it ends; one that could not be started is no concern. */
  add(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined || process.platform === 'win32' || !existsSync(SHELL)) {
      return;
    }
    this.#pids.add(pid);
    child.once('exit', () => {
      this.#pids.delete(pid);
      this.#sendPids();
    });
    this.#sendPids();
  }

  #sendPids(): void {
    if (this.#pids.size > 0) {
      this.#shell ??= this.#start();
    }
    const pids = [...this.#pids].join(' ');
    this.#shell?.stdin?.write(`${pids}\n`);
    if (this.#pids.size === 0) {
      this.#shell?.stdin?.end();
      this.#shell = undefined;
    }
  }

  #start(): ChildProcess {
    const shell = spawn(SHELL, ['-c', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // what is meant for this process's group must not end it first
    });
    const stdin = shell.stdin as Socket | undefined; // none where no descriptor is left
    const replace = (): void => {
      if (this.#shell === shell) {
        setTimeout(() => this.#replace(shell), REPLACE_MS).unref();
      }
    };
    stdin?.on('error', () => undefined); // EPIPE: its end is told as well
    shell.on('error', replace); // it could not be started
    shell.on('exit', replace);
    stdin?.unref();
    shell.unref();
    return shell;
  }

  #replace(gone: ChildProcess): void {
    if (this.#shell === gone) {
      this.#shell = undefined;
      this.#sendPids();
    }
  }
}

/** The guard of this process. */
export const decoderGuard: DecoderGuard = new DecoderGuard();
