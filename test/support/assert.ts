import * as assert from 'uvu/assert';

export * from 'uvu/assert';

/**
 * Asserts that a promise rejects, or that a function throws, with the given facts.
 * @param expected the error's `code`, its `name`, or a part of its message; all that are given must hold
 * @returns the error, for further looks
 */
export async function rejects(
  work: Promise<unknown> | (() => unknown),
  expected: { readonly code?: string; readonly name?: string; readonly message?: RegExp },
): Promise<Error> {
  let thrown: unknown;
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof Error, `expected an Error to be thrown, got ${String(thrown)}`);
  const error = thrown as Error & { code?: string };
  if (expected.code !== undefined) {
    assert.is(error.code, expected.code, `code of: ${error.message}`);
  }
  if (expected.name !== undefined) {
    assert.is(error.name, expected.name, `name of: ${error.message}`);
  }
  if (expected.message !== undefined) {
    assert.match(error.message, expected.message);
  }
  return error;
}

/**
 * Asserts that numbers agree; says where the largest difference is instead of printing them all.
 * @param abs largest difference allowed
 */
export function close(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { abs }: { readonly abs: number },
): void {
  assert.is(actual.length, expected.length, 'length');
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (!(difference <= worst)) {
      worst = difference;
      at = i;
    }
  }
  assert.ok(worst <= abs, `differs by ${worst} at index ${at}: ${actual[at]} and ${expected[at]}`);
}
