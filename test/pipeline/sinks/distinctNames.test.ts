import { distinctNames } from '../../../pipeline/sinks/distinctNames.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('distinctNames', (test) => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['short names where they differ', ['/a/x.avi', '/a/y.avi', '-'], ['x.avi', 'y.avi', 'stdin']],
    ['as many folders as it takes', ['/a/x.avi', '/b/x.avi', '/c.avi'], ['a/x.avi', 'b/x.avi', 'c.avi']],
    [
      'each as many as it takes itself',
      ['/1/a/x.avi', '/2/a/x.avi', '/2/b/x.avi', '/x.avi'],
      ['1/a/x.avi', '2/a/x.avi', 'b/x.avi', 'x.avi'],
    ],
    ['folders', ['/a/img/', '/b/img'], ['a/img', 'b/img']],
    ['a number for what is there twice', ['/x.avi', '/x.avi', '-', '-'], ['x.avi', 'x.avi (2)', 'stdin', 'stdin (2)']],
    [
      'hosts, and no secret, of addresses',
      ['rtsp://me:pass@one.example/live?key=1', 'rtsp://two.example/live'],
      ['one.example/live', 'two.example/live'],
    ],
    [
      'a number where only a secret tells addresses apart',
      ['http://a.example/live.mp4?key=1', 'http://a.example/live.mp4?key=2'],
      ['a.example/live.mp4', 'a.example/live.mp4 (2)'],
    ],
  ]; // prettier-ignore
  for (const [title, sources, names] of cases) {
    test(`gives ${title}`, () => assert.equal(distinctNames(sources), names));
  }

  test('does not take long for many', () => {
    const sources = Array.from({ length: 20_000 }, (_, i) => `/pictures/${i % 100}/${i}/1.jpg`);

    assert.is(new Set(distinctNames(sources)).size, sources.length);
  });
});
