import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../../../support/assert.ts';
import { parseFrames } from '../../../support/messages.ts';
import type { FrameLine } from '../../../support/messages.ts';
import { runProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const PICTURE = fileURLToPath(new URL('../../../fixtures/pictures/campus.png', import.meta.url));

suite('detect --motion', (test) => {
  test(
    'repeats the result of a scene that stands still, and looks again in time',
    async () => {
      await using folder = await temporaryFolder();
      for (const name of ['a', 'b', 'c', 'd']) {
        await copyFile(PICTURE, join(folder.path, `${name}.png`)); // a second each
      }
      const read = async (...args: string[]): Promise<FrameLine[]> =>
        parseFrames((await runProgram(['detect', folder.path, '--quiet', ...args])).stdout);
      const stillOf = (lines: readonly FrameLine[]): unknown[] => lines.map(({ still }) => still);

      const looked = await read();
      const spared = await read('--motion', '--max-still-seconds', '2.5');

      assert.equal(stillOf(looked), [undefined, undefined, undefined, undefined]);
      assert.equal(stillOf(spared), [undefined, true, true, undefined]);
      assert.is(spared[1]?.detections.length, looked[0]?.detections.length);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
