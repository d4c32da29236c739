import { parseConfig } from '../../pipeline/parseConfig.ts';
import { checkSource, parseSource } from '../../pipeline/pipelineSource.ts';
import * as assert from '../support/assert.ts';
import { suite } from '../support/suite.ts';

suite('sources of a server', (test) => {
  for (const source of ['-', '/dev/stdin', '/dev/fd/0', '/dev/fd/63', 'file:///dev/stdin']) {
    test(`are not ${source}: over HTTP, from code, in a file`, () => {
      const refused = (error: Error): boolean =>
        error.name === 'TypeError' &&
        /standard input, is no source of a server/.test(error.message);

      assert.throws(() => parseSource({ name: 'in', source }), refused);
      assert.throws(() => checkSource({ name: 'in', source }), refused);
      const text = `sources:\n  - name: in\n    source: "${source}"\n`;
      assert.throws(
        () => parseConfig(text, 'serve.yaml'),
        (error: Error) => refused(error) && error.message.startsWith('serve.yaml, line 3: '),
      );
    });
  }

  test('may be a named pipe, and a file of any name', () => {
    for (const source of [
      '/tmp/pipe',
      'stdin',
      'dev/stdin',
      '-.mp4',
      'http://a.example/dev/stdin',
    ]) {
      assert.is(parseSource({ name: 'in', source }).source, source);
    }
  });
});
