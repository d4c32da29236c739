import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from '../../../support/assert.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { TINY, TINY_TOKENS } from '../../../support/models/tinyModel.ts';

const LOADER = new URL('../../../support/typescript.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('../../../support/programs/forgetClose.ts', import.meta.url));
/** Ends a program that does not end by itself, milliseconds. */
const FOREVER_MS = 60_000;

suite('a program that forgets close()', (test) => {
  for (const door of ['thread', 'process']) {
    test(
      `ends when all answers are there, and not before (${door})`,
      async () => {
        const { stdout, stderr } = await promisify(execFile)(
          process.execPath,
          ['--import', LOADER, PROGRAM, door, TINY],
          { timeout: FOREVER_MS },
        );

        assert.is(stdout, `${TINY_TOKENS.length} tokens\n`.repeat(2));
        assert.is(stderr, '');
      },
      { timeoutMs: END_TO_END_MS },
    );
  }
});
