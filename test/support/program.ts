import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, sourceFiles } from './sourceFiles.ts';

/** What users run: the built program. It also starts in half the time. */
const PROGRAM = join(ROOT, 'dist/pipeline/main.js');

/** What became of a program. */
export interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is started. */
export interface ProgramOptions {
  /** A file for standard input. Default: none, as `</dev/null`. */
  readonly stdin?: string;
  /** A shell command that reads standard output through a pipe, such as `head -1`; `stdout` is then its own. Needs `bash`. */
  readonly pipeTo?: string;
}

/** A program that runs. */
export interface Program extends AsyncDisposable {
  /** Settles when it has ended and all its output is there. */
  readonly ended: Promise<Outcome>;
  /** Waits for the first line on a stream that matches; rejects where the program ends without it. */
  line(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
  /** Sends a signal to the program and its children, as a terminal does. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal to the program alone, as a container's runtime does. */
  kill(signal: NodeJS.Signals): void;
}

/** Running programs, which must not outlive the tests. */
const running = new Set<ChildProcess>();
/** Whether the built program is what the source says; looked at once. */
let isBuilt = false;
process.on('exit', () => {
  for (const child of running) {
    signalGroup(child, 'SIGKILL');
  }
});

/**
 * Starts `pix2seq-stream` with arguments, in the project's root.
 * @throws Error where it was not built since the source was changed
 */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  const { stdin, pipeTo } = options;
  expectBuilt();
  const node = [process.execPath, PROGRAM, ...args];
  const [command = '', ...rest] =
    pipeTo === undefined
      ? node
      : ['bash', '-o', 'pipefail', '-c', `"$@" | ${pipeTo}`, 'bash', ...node];
  const child = spawn(command, rest, {
    cwd: ROOT,
    detached: true, // a process group of its own
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = { stdout: new Collector(), stderr: new Collector() };
  child.stdout?.on('data', (chunk: Buffer) => output.stdout.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.stderr.add(chunk));
  if (stdin !== undefined && child.stdin !== null) {
    child.stdin.on('error', () => undefined); // the program may have read enough
    createReadStream(stdin).pipe(child.stdin);
  }
  const ended = once(child, 'close').then(([code, signal]): Outcome => {
    running.delete(child);
    const stdout = output.stdout.end();
    const stderr = output.stderr.end();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  return {
    ended,
    line: (stream, pattern) => output[stream].line(pattern),
    signal: (signal) => signalGroup(child, signal),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      signalGroup(child, 'SIGKILL');
      await ended;
    },
  };
}

/** Runs `pix2seq-stream` with arguments to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Outcome> {
  await using program = startProgram(args, options);
  return await program.ended;
}

/** Runs several programs, two at a time; each outcome settles as soon as it is known. */
export function runPrograms(argLists: readonly (readonly string[])[]): Promise<Outcome>[] {
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  return argLists.map((args, index) => {
    const outcome = lanes[index % 2]!.then(() => runProgram(args));
    lanes[index % 2] = outcome.catch(() => undefined);
    return outcome;
  });
}

/** The lines of a text that ends with a line break; a piece of a line at its end is one too. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/**
 * What is tested must be what the source says.
 * @throws Error where `dist` is not there, or older than a file that it is made of
 */
export function expectBuilt(): void {
  if (isBuilt) {
    return;
  }
  const builtAt = existsSync(PROGRAM) ? statSync(PROGRAM).mtimeMs : 0;
  const compiled = sourceFiles(['models', 'operators', 'pipeline', 'server']).map(
    ({ path }) => path,
  );
  const copied = ['models/nano', 'pipeline/demo', 'server/viewer'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`),
  );
  const newer = [...compiled, ...copied].find(
    (path) => statSync(join(ROOT, path)).mtimeMs > builtAt,
  );
  if (newer !== undefined) {
    throw new Error(`dist is older than ${newer}: npm run build`);
  }
  isBuilt = true;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (running.has(child) && child.pid !== undefined) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // it has just ended
    }
  }
}

interface Waiter {
  readonly pattern: RegExp;
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** Keeps what a stream says, and wakes those who wait for a line of it. */
class Collector {
  readonly #chunks: Buffer[] = [];
  readonly #waiters = new Set<Waiter>();
  #hasEnded = false;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#look();
  }

  /** @returns all that was said */
  end(): string {
    this.#hasEnded = true;
    this.#look();
    return this.#text();
  }

  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiters.add({ pattern, resolve, reject });
      this.#look();
    });
  }

  #look(): void {
    if (this.#waiters.size === 0) {
      return;
    }
    const text = this.#text();
    const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    for (const waiter of this.#waiters) {
      const found = whole.find((line) => waiter.pattern.test(line));
      if (found !== undefined || this.#hasEnded) {
        this.#waiters.delete(waiter);
      }
      if (found !== undefined) {
        waiter.resolve(found);
      } else if (this.#hasEnded) {
        waiter.reject(new Error(`ended without ${String(waiter.pattern)}: ${text.slice(-2000)}`));
      }
    }
  }

  #text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
