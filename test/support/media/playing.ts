import { MODEL_TEST_MS } from '../suite.ts';
import type { Program } from '../programs.ts';
import type { Test } from '../suite.ts';

/**
 * Tests that start decoders, which takes its time on a busy machine: a longer limit unless told otherwise.
 * @param needs programs without which they are skipped
 */
export function playing(test: Test, needs: readonly Program[] = []): Test {
  const declare = (...[title, work, options = {}]: Parameters<Test>): void =>
    test(title, work, {
      timeoutMs: MODEL_TEST_MS,
      ...options,
      needs: [...needs, ...(options.needs ?? [])],
    });
  return Object.assign(declare, test);
}
