/**
 * The only door to uvu's runner. Plain uvu 0.5.6 ends green when `before` throws, when `after.each`
 * throws over a failure, when a test throws no Error, and when nothing ran (uvu #60, #80, #191, #201,
 * #205); this wrapper turns each of these red and gives every test a time limit. What is thrown outside of
 * a test's turn, by a timer or an event, fails the test that runs, and the others go on. What became of
 * each test is told to `runTests.ts`.
 */
import { stripVTControlCharacters } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { suite as uvuSuite } from 'uvu';
import { missingOf } from './programs.ts';
import type { Program } from './programs.ts';
import { tell } from './testEvents.ts';

/** Limit of an ordinary test, milliseconds: against hanging, as a busy machine takes several times its time. */
export const DEFAULT_TEST_MS = 20_000;
/** Limit of a test that loads the real model, milliseconds. */
export const MODEL_TEST_MS = 60_000;
/** Limit of a test that starts a program or plays a clip, milliseconds. */
export const END_TO_END_MS = 180_000;

/** How long the process may live on after the last test before open handles count as a failure. */
const LEFTOVER_MS = 10_000;
/** How much of an error's message the line of a failure has. */
const WHY_LENGTH = 300;

type Work = () => void | Promise<void>;

/** What one test may ask for. */
export interface TestOptions {
  /** Default `DEFAULT_TEST_MS`. */
  readonly timeoutMs?: number;
  /** Programs without which it is skipped, beside those of its suite. */
  readonly needs?: readonly Program[];
}

/** Registers tests of one suite. */
export interface Test {
  (title: string, work: Work, options?: TestOptions): void;
  /** Skips every test that is declared below, saying so, where a program is not on this machine. */
  needs(...programs: readonly Program[]): void;
  /** Runs once, inside the first test, so that its error fails every test that needed it. */
  before(work: Work): void;
  /** Runs once, after the last test; not where `before` never ran, since nothing is there to clean up. */
  after(work: Work): void;
  afterEach(work: Work): void;
  /** Counts as skipped; the reason is printed. */
  skip(title: string, reason: string): void;
}

/** Tests declared and ended, skipped ones apart, and whether something failed. */
const progress = { numDeclared: 0, numEnded: 0, numSkipped: 0, hasFailed: false };
/** Fails the test that runs; there is none between two. */
let failRunning: ((error: Error) => void) | undefined;
let leftoverTimer: NodeJS.Timeout | undefined;

/**
 * Declares a suite and hands it to the runner.
 * @param name the function or class under test
 */
export function suite(name: string, declare: (test: Test) => void): void {
  const inner = uvuSuite(name);
  const cleanups: Work[] = [];
  const once: Work[] = [];
  const needed: Program[] = [];
  let setup: Promise<void> | undefined;
  const prepare = (): Promise<void> => (setup ??= inOrder(once));

  const skip = (title: string, reason: string): void => {
    progress.numSkipped += 1;
    tell({ kind: 'skipped' });
    process.stdout.write(`skipped: ${name} "${title}": ${reason}\n`);
  };
  const register = (title: string, work: Work, options: TestOptions = {}): void => {
    const missing = missingOf([...needed, ...(options.needs ?? [])]);
    if (missing !== undefined) {
      skip(title, missing);
      return;
    }
    progress.numDeclared += 1;
    tell({ kind: 'declared' });
    const limitMs = options.timeoutMs ?? DEFAULT_TEST_MS;
    inner(title, async () => {
      const test = `${name} "${title}"`;
      tell({ kind: 'started', test, limitMs: limitMs * (1 + cleanups.length) });
      const steps = [async () => (await prepare(), await work()), ...cleanups];
      const problems = await problemsOf(steps, limitMs);
      end(test, problems);
      if (problems[0] !== undefined) {
        throw printable(problems[0]);
      }
    });
  };

  declare(
    Object.assign(register, {
      before: (work: Work) => void once.push(work),
      afterEach: (work: Work) => void cleanups.push(work),
      after: (work: Work) =>
        inner.after(async () => {
          if (once.length > 0 && setup === undefined) {
            return;
          }
          const problems = await problemsOf([work], END_TO_END_MS);
          problems.forEach((problem) => complain(`${name} after`, problem));
        }),
      needs: (...programs: readonly Program[]) => void needed.push(...programs),
      skip,
    }),
  );
  inner.run();
}

/** Takes each step, whatever became of those before it. */
async function problemsOf(steps: readonly Work[], limitMs: number): Promise<Error[]> {
  const problems: Error[] = [];
  for (const step of steps) {
    try {
      await withLimit(limitMs, step);
    } catch (thrown) {
      problems.push(asError(thrown));
    }
  }
  return problems;
}

async function inOrder(steps: readonly Work[]): Promise<void> {
  for (const step of steps) {
    await step();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`threw ${String(thrown)}, which is no Error`);
}

/** What failed and why, in one line. */
function whyOf(test: string, problem: Error): string {
  const { details } = problem as { readonly details?: unknown }; // uvu's have the difference there, or false
  const difference = typeof details === 'string' ? details : '';
  const why = stripVTControlCharacters(problem.message + difference).replaceAll(/[\s·]+/g, ' ');
  return `${test}: ${why.slice(0, WHY_LENGTH)}`;
}

/** uvu takes `details` for a text, and loses the rest of the suite where an error has others. */
function printable(error: Error): Error {
  const isOurs = 'details' in error && typeof error.details === 'object';
  const { name, message, stack } = error;
  return isOurs ? Object.assign(new Error(message), { name, stack }) : error;
}

/** Ends with the work, or before it with an error: at its limit, or where something is thrown meanwhile. */
async function withLimit(limitMs: number, work: Work): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const cut = new Promise<never>((_, reject) => {
    failRunning = reject;
    timer = setTimeout(() => reject(new Error(`took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work(), cut]);
  } finally {
    failRunning = undefined;
    clearTimeout(timer);
  }
}

/** A test and its clean-up are over. */
function end(test: string, [first, ...others]: readonly Error[]): void {
  tell(first === undefined ? { kind: 'passed' } : { kind: 'failed', why: whyOf(test, first) });
  others.forEach((other) => complain(`${test}, then`, other));
  progress.hasFailed ||= first !== undefined;
  progress.numEnded += 1;
  clearTimeout(leftoverTimer);
  if (progress.numEnded >= progress.numDeclared) {
    leftoverTimer = setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      complain('still open after the last test', new Error(open));
      process.exit(1);
    }, LEFTOVER_MS).unref();
  }
}

/** Something failed beside the tests themselves. */
function complain(what: string, problem: Error): void {
  progress.hasFailed = true;
  tell({ kind: 'problem', why: whyOf(what, problem) });
  process.stderr.write(`\n${what}: ${String(problem.stack)}\n`);
}

if (isMainThread) {
  process.on('uncaughtException', (thrown) => {
    const error = asError(thrown);
    if (failRunning === undefined) {
      complain('thrown between two tests', error);
    } else {
      failRunning(error);
    }
  });
  process.on('exit', (code) => {
    const { numDeclared, numEnded, numSkipped, hasFailed } = progress;
    const hasRun = numEnded + numSkipped > 0;
    if (code === 0 && (hasFailed || !hasRun || numEnded < numDeclared)) {
      process.exitCode = 1;
    }
  });
}
