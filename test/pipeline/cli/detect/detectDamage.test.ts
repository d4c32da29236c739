import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { clip } from '../../../support/media/clips.ts';
import { parseFrames } from '../../../support/messages.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };

suite('detect, a damaged recording', (test) => {
  const damaged = clip('lost-picture.mp4');

  test(
    'ends where a picture is missing, with the frames before it',
    async () => {
      const { code, stdout, stderr } = await runProgram(['detect', damaged, '--quiet']);

      assert.is(code, 1);
      assert.is(parseFrames(stdout).length, 10);
      assert.is(linesOf(stderr).length, 1);
      assert.match(stderr, /after second 0\.90 \(frame 9\).*\[ERR_VIDEO_DECODE\]/);
    },
    LIMIT,
  );

  test(
    'goes on behind it where that is asked for, tells of it, and counts it',
    async () => {
      const outcome = await runProgram(['detect', damaged, '--on-damage', 'skip']);
      const { code, stdout, stderr } = outcome;

      assert.is(code, 0);
      assert.equal(
        parseFrames(stdout).map(({ frame }) => frame),
        [...Array(19).keys()],
      );
      assert.match(stderr, /after second 0\.90 \(frame 9\).*\[ERR_VIDEO_DECODE\]/);
      assert.match(stderr, /19 frames, 1 unreadable/);
    },
    LIMIT,
  );
});
