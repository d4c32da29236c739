/**
 * The only door to uvu's runner. Plain uvu 0.5.6 ends green when `before` throws, when `after.each`
 * throws over a failure, when a test throws no Error, and when nothing ran (uvu #60, #80, #191, #201,
 * #205); this wrapper turns each of these red, gives every test a time limit, and ends with what failed, one
 * line each, and the closing line: what failed must stand where a log that was cut still has it.
 */
import { stripVTControlCharacters } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { suite as uvuSuite } from 'uvu';
import { missingOf } from './programs.ts';
import type { Program } from './programs.ts';

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

const totals = { registered: 0, passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
let leftoverTimer: NodeJS.Timeout | undefined;

/**
 * Declares a suite and hands it to the runner.
 * @param name the function or class under test
 */
export function suite(name: string, declare: (test: Test) => void): void {
  const inner = uvuSuite(name);
  const cleanups: Work[] = [];
  const once: Work[] = [];
  let setup: Promise<void> | undefined;
  const prepare = (): Promise<void> => (setup ??= inOrder(once));
  const needed: Program[] = [];
  const skip = (title: string, reason: string): void => {
    totals.skipped += 1;
    process.stdout.write(`skipped: ${name} "${title}": ${reason}\n`);
  };

  const register = (title: string, work: Work, options: TestOptions = {}): void => {
    const missing = missingOf([...needed, ...(options.needs ?? [])]);
    if (missing !== undefined) {
      skip(title, missing);
      return;
    }
    totals.registered += 1;
    inner(title, async () => {
      const problems: Error[] = [];
      const attempt = async (step: Work): Promise<void> => {
        try {
          await step();
        } catch (thrown) {
          problems.push(asError(thrown));
        }
      };
      const limit = options.timeoutMs ?? DEFAULT_TEST_MS;
      await attempt(() => withLimit(limit, async () => (await prepare(), await work())));
      for (const cleanup of cleanups) {
        await attempt(() => withLimit(limit, cleanup));
      }
      count(problems.length === 0);
      failures.push(...problems.map((problem) => failureLine(name, title, problem)));
      for (const extra of problems.slice(1)) {
        process.stderr.write(`\n${name} "${title}" also failed: ${String(extra.stack)}\n`);
      }
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
          try {
            await withLimit(END_TO_END_MS, work);
          } catch (thrown) {
            totals.registered += 1; // an extra case that nobody declared: the clean-up itself
            count(false);
            failures.push(failureLine(name, 'after', asError(thrown)));
            process.stderr.write(`\n${name} after: ${String(asError(thrown).stack)}\n`);
          }
        }),
      needs: (...programs: readonly Program[]) => void needed.push(...programs),
      skip,
    }),
  );
  inner.run();
}

async function inOrder(steps: readonly Work[]): Promise<void> {
  for (const step of steps) {
    await step();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`threw ${String(thrown)}, which is no Error`);
}

/** What failed and why, in one line that `runTests.ts` gathers. */
function failureLine(name: string, title: string, problem: Error): string {
  const { details } = problem as { readonly details?: unknown }; // uvu's have the difference there, or false
  const difference = typeof details === 'string' ? details : '';
  const why = stripVTControlCharacters(problem.message + difference).replaceAll(/[\s·]+/g, ' ');
  return `failed: ${name} "${title}": ${why.slice(0, WHY_LENGTH)}`;
}

/** uvu takes `details` for a text, and loses the rest of the suite where an error has others. */
function printable(error: Error): Error {
  const isOurs = 'details' in error && typeof error.details === 'object';
  const { name, message, stack } = error;
  return isOurs ? Object.assign(new Error(message), { name, stack }) : error;
}

async function withLimit(limitMs: number, work: Work): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function count(passed: boolean): void {
  totals[passed ? 'passed' : 'failed'] += 1;
  clearTimeout(leftoverTimer);
  if (totals.passed + totals.failed >= totals.registered) {
    leftoverTimer = setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      failures.push(`failed: still open after the last test: ${open}`);
      totals.failed += 1;
      process.exit(1);
    }, LEFTOVER_MS).unref();
  }
}

if (isMainThread) {
  process.on('exit', (code) => {
    const { registered, passed, failed, skipped } = totals;
    const hasRun = passed + failed + skipped > 0;
    const complete = hasRun && failed === 0 && passed === registered;
    if (!complete && code === 0) {
      process.exitCode = 1;
    }
    const lost = registered - passed - failed;
    const all = failed + lost + (hasRun ? 0 : 1);
    process.stdout.write(
      [...failures, `${passed} passed, ${all} failed, ${skipped} skipped\n`].join('\n'),
    );
  });
}
