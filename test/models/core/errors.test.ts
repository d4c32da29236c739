import { PipelineError, invariant, toError } from '../../../models/index.ts';
import { fromPlain, toPlain } from '../../../models/detector/worker/messages.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('PipelineError', (test) => {
  test('carries code, details and cause', () => {
    const cause = new Error('deeper');

    const error = new PipelineError('ERR_MODEL_LOAD', 'no', { cause, details: { a: 1 } });

    assert.ok(error instanceof Error);
    assert.is(error.name, 'PipelineError');
    assert.is(error.code, 'ERR_MODEL_LOAD');
    assert.is(error.cause, cause);
    assert.equal(error.details, { a: 1 });
  });

  test('has no cause and empty details where none were given', () => {
    const error = new PipelineError('ERR_MODEL_RUN', 'no');

    assert.not('cause' in error);
    assert.equal(error.details, {});
  });
});

suite('toError', (test) => {
  test('keeps errors and wraps everything else', () => {
    const error = new RangeError('x');

    assert.is(toError(error), error);
    assert.is(toError('text').message, 'text');
    assert.is(toError(null).message, 'null');
  });
});

suite('invariant', (test) => {
  test('throws the fact that does not hold', async () => {
    invariant(1, 'fine');
    await assert.rejects(() => invariant(0, 'the sky is blue'), {
      message: /^Broken invariant: the sky is blue$/,
    });
  });
});

suite('fromPlain', (test) => {
  const across = (error: Error): Error => fromPlain(structuredClone(toPlain(error)));

  test('brings a PipelineError through structured cloning with code, details and stack', () => {
    const error = new PipelineError('ERR_MODEL_RUN', 'failed', { details: { feeds: ['x'] } });

    const back = across(error);

    assert.ok(back instanceof PipelineError);
    assert.is(back.code, 'ERR_MODEL_RUN');
    assert.is(back.message, 'failed');
    assert.equal(back.details, { feeds: ['x'] });
    assert.is(back.stack, error.stack);
  });

  test('keeps the kinds that callers test for', () => {
    assert.ok(across(new TypeError('a')) instanceof TypeError);
    assert.ok(across(new RangeError('b')) instanceof RangeError);
    assert.is(across(new SyntaxError('c')).message, 'c');
  });
});
