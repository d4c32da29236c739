/** Runs the unit tests of the training recipe, which is Python, among those of the package. */
import { spawnSync } from 'node:child_process';
import * as assert from '../support/assert.ts';
import { findProgram, hasLibrary } from '../support/programs.ts';
import { ROOT } from '../support/sourceFiles.ts';
import { suite } from '../support/suite.ts';

/** Limit of all of them together, milliseconds; they take seconds. */
const PYTHON_TESTS_MS = 180_000;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function runPython(python: string, args: readonly string[], timeout: number): Outcome {
  const { status, stdout, stderr, error } = spawnSync(python, args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1' },
  });
  return { code: status, output: `${stdout}${stderr}${error === undefined ? '' : error.message}` };
}

suite('training recipe', (test) => {
  test.needs('python');
  const python = findProgram('python');
  if (python !== undefined && !hasLibrary(python, 'PIL')) {
    test.skip('passes those that make pictures', `\`${python}\` has no Pillow`);
  }

  test(
    'passes its unit tests',
    () => {
      const discover = ['-m', 'unittest', 'discover', '-s', 'test/training', '-p', 'test_*.py'];

      const { code, output } = runPython(python!, discover, PYTHON_TESTS_MS - 5_000);

      assert.is(code, 0, output);
      assert.match(output, /^Ran [1-9]\d* tests? in /m);
    },
    { timeoutMs: PYTHON_TESTS_MS },
  );
});
