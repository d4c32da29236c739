import { pathToFileURL } from 'node:url';
import { ffmpegInput, isUrl, pathOf } from '../../../../operators/media/input/videoInput.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('pathOf, isUrl, ffmpegInput', (test) => {
  test('turn file addresses into paths, every sign of them', () => {
    const path = '/tmp/50% of #1?: "a b".mp4';

    assert.is(pathOf(pathToFileURL(path)), path);
    assert.is(pathOf(pathToFileURL(path).href), path);
    assert.is(pathOf('rtsp://host/a%20b'), 'rtsp://host/a%20b');
    assert.is(pathOf('file:name.mp4'), 'file:name.mp4', 'a file may be called so');
  });

  test('tell addresses from paths', () => {
    assert.equal(
      ['rtsp://h/s', 'HTTP://h', 'srt+x://h', 'C:\\clip.mp4', 'a:b.mp4', '/x//y', '-'].map(isUrl),
      [true, true, true, false, false, false, false],
    );
  });

  test('hand a path with a colon over as a file', () => {
    assert.is(ffmpegInput('concat:a.mp4'), 'file:concat:a.mp4');
    assert.is(ffmpegInput('rtsp://h/s'), 'rtsp://h/s');
  });
});
