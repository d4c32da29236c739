import { openLocalDetector } from '../../../../models/index.ts';
import { reuseTable } from '../../../../pipeline/cli/bench/report.ts';
import { COMPARED, measureReuse } from '../../../../pipeline/cli/bench/reuse.ts';
import { DEMO_CLIP } from '../../../../pipeline/run/openSource.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';

const NUM_FRAMES = 6;
const { signal: never } = new AbortController();

suite('measureReuse', (test) => {
  test(
    'reads each frame in every mode, and tells what each mode saves',
    async () => {
      await using detector = await openLocalDetector({ device: 'cpu' });

      const figures = await measureReuse(detector, DEMO_CLIP, NUM_FRAMES, never);

      assert.equal(
        figures.map(({ reuse, numFrames }) => [reuse, numFrames]),
        COMPARED.map((reuse) => [reuse, NUM_FRAMES]),
      );
      const [off, exact, refine, sticky, tolerant] = figures;
      assert.equal(
        [off, exact, refine].map((one) => one?.identical),
        [6, 6, 6],
      );
      assert.equal([off?.accepted, off?.foundAgain, off?.meanIou], [NaN, 1, 1]);
      // six frames of one scene have most objects in common; `refine` reads what `off` reads
      assert.ok(off!.seenAgain > 0.5 && off!.seenAgain < 1, `${off!.seenAgain} seen again`);
      assert.ok(off!.steadyIou > 0.7 && off!.steadyIou < 1, `${off!.steadyIou} IoU`);
      assert.equal([refine!.seenAgain, refine!.steadyIou], [off!.seenAgain, off!.steadyIou]);
      for (const one of [refine, sticky, tolerant]) {
        assert.ok(one!.calls < off!.calls / 2, `${one!.reuse}: ${one!.calls} calls`);
        assert.ok(one!.accepted > 0.3 && one!.foundAgain > 0.7, one!.reuse);
      }
      const rows = reuseTable({ clip: figures }).trim().split('\n');
      assert.is(rows.length, 2 + 2 * COMPARED.length);
      assert.match(rows.at(-1)!, /^\| mean \| tolerant \| \d+\.\d \(\d+\.\dx fewer\) /);
    },
    { timeoutMs: MODEL_TEST_MS },
  );
});
