import { printable } from '../../../../pipeline/cli/output/printable.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('printable', (test) => {
  test('escapes what a terminal takes for a command', () => {
    assert.is(printable('a\u001b[2J\u009b2J\u0000\r\u007fb'), 'a\\x1b[2J\\x9b2J\\x00\\x0d\\x7fb');
  });

  test('leaves line breaks and every letter alone', () => {
    assert.is(printable('Straße 中 😀\nzwei\n'), 'Straße 中 😀\nzwei\n');
  });
});
