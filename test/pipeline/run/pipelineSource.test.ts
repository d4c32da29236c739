import { fromLive, fromVideo } from '../../../operators/index.ts';
import { parseConfig } from '../../../pipeline/config/parseConfig.ts';
import { checkSource, parseSource } from '../../../pipeline/run/pipelineSource.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

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

  test('wait no longer than a timer can: beyond, it would fire at once', () => {
    const source = 'rtsp://10.0.0.7/live';
    assert.is(parseSource({ name: 'in', source, stallSeconds: 86_400 }).stallSeconds, 86_400);
    assert.throws(
      () => parseSource({ name: 'in', source, stallSeconds: 2_147_484 }),
      /`stallSeconds` .* at most 86400/,
    );
    for (const key of ['stallSeconds', 'openSeconds'] as const) {
      assert.throws(() => fromLive(source, { [key]: 2_147_484 }), new RegExp(`\`${key}\``));
    }
    assert.throws(() => fromLive(source, { retryDelay: { maxSeconds: 1e9 } }), /`maxSeconds`/);
    assert.throws(() => fromVideo('a.mp4', { stallSeconds: 1e9 }), /`stallSeconds`/);
  });

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
