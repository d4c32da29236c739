import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ROOT } from './sourceFiles.ts';
import { EVENTS_FD, LISTENS } from './testEvents.ts';
import type { TestEvent } from './testEvents.ts';

const LOADER = new URL('./typescript.mjs', import.meta.url).href;
const UVU = fileURLToPath(new URL('../../node_modules/uvu/bin.js', import.meta.url));
/** How long loading the file, or the clean-up behind a suite, may take. */
const BETWEEN_TESTS_MS = 200_000;
/** How long a process may say nothing beyond the limit of its test: its event loop is blocked then. */
const BLOCKED_MS = 20_000;
/** How long the output may stay open behind the end of the process. */
const OUTPUT_MS = 2_000;
/** How much of a text that a process ended with the line of a failure has. */
const WHY_LENGTH = 300;
/** What uvu ends with; `runTests.ts` has the sum. */
const UVU_TOTALS = /\n {2}Total: {5}[^]*\n {2}Duration: .*\n+/;

/** What became of a test file. */
export interface FileOutcome {
  readonly passed: number;
  /** With those that did not run, and one for each thing that went wrong beside the tests. */
  readonly failed: number;
  readonly skipped: number;
  /** One line for each thing that failed. */
  readonly failures: readonly string[];
  /** What was printed. */
  readonly output: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Runs a test file in a process of its own, so that nothing that happens there reaches the others.
 * @param path from the folder
 */
export async function runTestFile(folder: string, path: string): Promise<FileOutcome> {
  const pattern = `^${path.replaceAll(/[^\w/]/g, String.raw`\$&`)}$`;
  const child = spawn(process.execPath, ['--import', LOADER, UVU, folder, pattern], {
    cwd: ROOT,
    env: { ...process.env, [LISTENS]: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const story = new Story(() => child.kill('SIGKILL'));
  const [, stdout, stderr, events] = child.stdio as unknown as readonly Readable[];
  [stdout, stderr].forEach((stream) => stream?.on('data', (chunk) => (story.output += chunk)));
  createInterface({ input: child.stdio[EVENTS_FD] as Readable }).on('line', (line) =>
    story.take(JSON.parse(line) as TestEvent),
  );
  const closed = once(child, 'close').then(() => true);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  running.delete(child);
  if (!(await Promise.race([closed, wait(OUTPUT_MS, false)]))) {
    story.take({ kind: 'problem', why: 'left a program behind that holds its output' });
  }
  [stdout, stderr, events].forEach((stream) => stream?.destroy());
  return story.end(signal ?? code ?? 0);
}

/** What a process has told so far. */
class Story {
  output = '';
  readonly #failures: string[] = [];
  readonly #counts = { declared: 0, skipped: 0, passed: 0, failed: 0, problem: 0 };
  readonly #stop: () => void;
  #running: string | undefined;
  #isBlocked = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param stop ends the process, which does nothing any more */
  constructor(stop: () => void) {
    this.#stop = stop;
    this.#waitFor(BETWEEN_TESTS_MS);
  }

  take(event: TestEvent): void {
    if (event.kind === 'started') {
      this.#running = event.test;
      this.#waitFor(event.limitMs);
      return;
    }
    this.#counts[event.kind] += 1;
    if ('why' in event) {
      this.#failures.push(event.why);
    }
    if (event.kind === 'passed' || event.kind === 'failed') {
      this.#running = undefined;
      this.#waitFor(BETWEEN_TESTS_MS);
    }
  }

  /** @param ending the exit code or the signal */
  end(ending: string | number): FileOutcome {
    clearTimeout(this.#timer);
    const { declared, skipped, passed, failed, problem } = this.#counts;
    const unfinished = declared - passed - failed;
    const isSilent = this.#failures.length === 0 && (ending !== 0 || declared + skipped === 0);
    if (unfinished > 0) {
      const where = this.#running === undefined ? '' : ` in ${this.#running}`;
      this.#failures.push(`${unfinished} without an end: ${this.#endOf(ending)}${where}`);
    } else if (isSilent) {
      this.#failures.push(`${declared + skipped === 0 ? 'no test: ' : ''}${this.#endOf(ending)}`);
    }
    return {
      ...{ passed, skipped, output: this.output.replace(UVU_TOTALS, '') },
      failed: failed + problem + unfinished + (isSilent && unfinished === 0 ? 1 : 0),
      failures: this.#failures,
    };
  }

  #endOf(ending: string | number): string {
    const error = /^\w*Error\b[^]*/m.exec(this.output)?.[0].replaceAll(/\s+/g, ' ') ?? '';
    const because = error === '' ? '' : `, ${error.slice(0, WHY_LENGTH)}`;
    return this.#isBlocked
      ? 'the process was blocked'
      : `the process ended with ${ending}${because}`;
  }

  #waitFor(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isBlocked = true;
      this.#stop();
    }, limitMs + BLOCKED_MS);
  }
}
