import { isSourceName, sourceName } from '../../../models/core/sourceName.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('isSourceName', (test) => {
  test('takes what people call their cameras', () => {
    for (const name of [
      ...[
        'door',
        'Front door',
        'floor1/door',
        'Tür 2',
        '玄関',
        '👨‍👩‍👧',
        'cam?',
        '*',
        '...',
        'a'.repeat(128),
      ],
      ...['__proto__', 'constructor', 'http:door'],
    ]) {
      assert.ok(isSourceName(name), name);
    }
  });

  test('takes no address, no control characters, nothing that an address leaves out', () => {
    for (const name of [
      ...['', 'a'.repeat(129), '.', '..', 'rtsp://me:secret@cam/live?channel', 'x://', ' a://b'],
      ...['\x1b[31mred', 'two\nlines', 'del\x7f', 'next\x85', 'nul\0', '\u202Egnp.exe', 'a\u2028b'],
      ...['half \ud83d', 7, null, undefined],
    ]) {
      assert.not(isSourceName(name), JSON.stringify(name));
    }
  });
});

suite('sourceName', (test) => {
  const names: readonly (readonly [string, string])[] = [
    ['-', 'stdin'],
    ['clip.mp4', 'clip.mp4'],
    ['/videos/street.mp4', 'street.mp4'],
    ['/videos/why?.mp4', 'why?.mp4'],
    ['pictures/', 'pictures'],
    ['pictures///', 'pictures'],
    ['pictures/*.png', '*.png'],
    ['rtsp://camera.local/live', 'live'],
    ['http://me:secret@host/a/clip.mp4?token=secret#secret', 'clip.mp4'],
    ['http://me:secret@host:80', 'host:80'],
    ['http://me:secret@host:80/?secret', 'host:80'],
    ['http://me:secret@host/secret/', '***'],
    ['http://host/live;token=secret', 'live'],
    ['/', '/'],
  ];
  for (const [source, name] of names) {
    test(`of ${source} is ${name}`, () => {
      assert.is(sourceName(source), name);
    });
  }
});
