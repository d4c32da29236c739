import { MODEL_TEST_MS } from '../support/suite.ts';
import type { Test } from '../support/suite.ts';

/** Tests that start decoders, which takes its time on a busy machine: a longer limit unless told otherwise. */
export function playing(test: Test): Test {
  const declare = (title: string, work: () => void | Promise<void>, options = {}): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS, ...options });
  return Object.assign(declare, test);
}
