import { PipelineError } from '../../../../models/index.ts';
import type { ErrorCode } from '../../../../models/index.ts';
import { EXIT, errorLine, exitCodeOf } from '../../../../pipeline/cli/output/exitCodes.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('exitCodeOf', (test) => {
  const failures: readonly (readonly [string, Error, number])[] = [
    ['a wrong kind of argument', new TypeError('x'), 2],
    ['a wrong value of an argument', new RangeError('x'), 2],
    ['an error of no known kind', new Error('x'), 1],
  ];
  for (const [what, error, code] of failures) {
    test(`is ${code} for ${what}`, () => {
      assert.is(exitCodeOf(error), code);
    });
  }

  const codes: readonly (readonly [ErrorCode, number])[] = [
    ['ERR_VIDEO_OPEN', 3],
    ['ERR_MODEL_LOAD', 3],
    ['ERR_MODEL_CONTRACT', 3],
    ['ERR_CHECKPOINT', 3],
    ['ERR_DOWNLOAD', 3],
    ['ERR_VIDEO_DECODE', 1],
    ['ERR_MODEL_RUN', 1],
    ['ERR_WORKER_EXIT', 1],
    ['ERR_OUTPUT', 1],
    ['ERR_SERVER_LISTEN', 1],
  ];
  for (const [code, exit] of codes) {
    test(`is ${exit} for ${code}`, () => {
      assert.is(exitCodeOf(new PipelineError(code, 'x')), exit);
    });
  }

  test('has the numbers that the protocol states', () => {
    assert.equal({ ...EXIT }, { done: 0, failed: 1, usage: 2, unopened: 3, interrupted: 130 });
  });
});

suite('errorLine', (test) => {
  test('is one line, whatever the message holds', () => {
    const line = errorLine(new Error('far\nand\nwide'), false);

    assert.is(line, 'pix2seq-stream: far and wide\n');
  });

  test('names the code of an error that has one', () => {
    const line = errorLine(new PipelineError('ERR_VIDEO_OPEN', 'There is no file `x`'), false);

    assert.is(line, 'pix2seq-stream: There is no file `x` [ERR_VIDEO_OPEN]\n');
  });

  test('puts into words what the system says', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      ...{ code: 'ENOSPC', syscall: 'write', path: '/a/b' },
    });

    assert.is(errorLine(full, false), 'pix2seq-stream: write `/a/b`: the disk is full (ENOSPC)\n');
  });

  test('adds the stack where it is asked for', () => {
    const error = new Error('far');

    const text = errorLine(error, true);

    assert.is(text, `pix2seq-stream: far\n${String(error.stack)}\n`);
    assert.match(text, /\n +at .*exitCodes\.test/);
  });
});
