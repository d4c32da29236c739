/**
 * What the process of a test file tells `runTests.ts`: a line of JSON each, on a pipe of their own, each
 * written before the next thing is done. So it is known what ran, however the process ends.
 */
import { writeSync } from 'node:fs';

/** Something that happened in a test file. */
export type TestEvent =
  | { readonly kind: 'declared' | 'skipped' | 'passed' }
  /** `limitMs`: it and its clean-up end before. */
  | { readonly kind: 'started'; readonly test: string; readonly limitMs: number }
  /** Of the test that was started last. */
  | { readonly kind: 'failed'; readonly why: string }
  /** What went wrong beside the tests, such as a clean-up at the end. */
  | { readonly kind: 'problem'; readonly why: string };

/** Where the events go in the process of a test file. */
export const EVENTS_FD = 3;
/** Set where somebody listens there. */
export const LISTENS = 'PIX2SEQ_TEST_EVENTS';

const isHeard = process.env[LISTENS] !== undefined;
delete process.env[LISTENS]; // programs that tests start do not have that pipe

/** Tells an event; nothing where a test file runs by itself. */
export function tell(event: TestEvent): void {
  if (isHeard) {
    writeSync(EVENTS_FD, `${JSON.stringify(event)}\n`);
  }
}
