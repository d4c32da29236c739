import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { mersenne } from 'pure-rand/generator/mersenne';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { openCheckpoint } from '../../../../models/import/checkpoint/tensorSource.ts';
import { PipelineError } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { writeBundle } from '../../../support/writeBundle.ts';

const BY_TENSORFLOW = fileURLToPath(new URL('../../../fixtures/checkpoint', import.meta.url));
const INDEX = 'ckpt-1.index';
const DATA = 'ckpt-1.data-00000-of-00001';
/** Damaged tables of a right checksum, which only somebody who means harm makes. */
const NUM_HOSTILE = 3_000;
const MEBIBYTE = 1 << 20;

/**
 * Opens a checkpoint and reads all that is float32.
 * @returns keys of what was read, or undefined where it was refused at opening
 */
async function readAll(directory: string): Promise<Map<string, Float32Array | undefined>> {
  const found = new Map<string, Float32Array | undefined>();
  const source = await openCheckpoint(directory);
  try {
    for (const { key, dtype } of source.tensors.values()) {
      if (dtype === 'float32') {
        found.set(key, await source.readFloats(key).catch(refused));
      }
    }
    return found;
  } finally {
    await source.close();
  }
}

/** Lets refusals pass and nothing else. */
function refused(thrown: unknown): undefined {
  if (!(thrown instanceof PipelineError && thrown.code === 'ERR_CHECKPOINT')) {
    throw thrown;
  }
}

suite('damaged checkpoints', (test) => {
  test(
    'are refused with any one bit of the index flipped',
    async () => {
      await using folder = await temporaryFolder();
      const index = await readFile(`${BY_TENSORFLOW}/${INDEX}`);
      await copyFile(`${BY_TENSORFLOW}/${DATA}`, `${folder.path}/${DATA}`);
      const accepted: string[] = [];
      for (let bit = 0; bit < index.length * 8; bit++) {
        const changed = Buffer.from(index);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await writeFile(`${folder.path}/${INDEX}`, changed);
        if ((await openCheckpoint(folder.path).catch(refused)) !== undefined) {
          accepted.push(`bit ${bit & 7} of byte ${bit >> 3}`);
        }
      }

      assert.equal(accepted, []);
    },
    { timeoutMs: 60_000 },
  );

  test(
    'are refused with the index or the data cut anywhere',
    async () => {
      await using folder = await temporaryFolder();
      const whole = await readFile(`${BY_TENSORFLOW}/${INDEX}`);
      const data = await readFile(`${BY_TENSORFLOW}/${DATA}`);
      await writeFile(`${folder.path}/${DATA}`, data);
      for (let length = 0; length < whole.length; length++) {
        await writeFile(`${folder.path}/${INDEX}`, whole.subarray(0, length));

        assert.is(
          await openCheckpoint(folder.path).catch(refused),
          undefined,
          `index of ${length}`,
        );
      }
      await writeFile(`${folder.path}/${INDEX}`, whole);
      for (let length = 0; length < data.length; length += 7) {
        await writeFile(`${folder.path}/${DATA}`, data.subarray(0, length));

        assert.is(await openCheckpoint(folder.path).catch(refused), undefined, `data of ${length}`);
      }
    },
    { timeoutMs: 60_000 },
  );

  test(
    'give no tensor that holds a flipped bit, and all others',
    async () => {
      await using folder = await temporaryFolder();
      await copyFile(`${BY_TENSORFLOW}/${INDEX}`, `${folder.path}/${INDEX}`);
      const data = await readFile(`${BY_TENSORFLOW}/${DATA}`);
      const right = await readAll(BY_TENSORFLOW);
      const random = mersenne(1);
      let numRefused = 0;
      for (let round = 0; round < 500; round++) {
        const changed = Buffer.from(data);
        changed[uniformInt(random, 0, data.length - 1)]! ^= 1 << uniformInt(random, 0, 7);
        await writeFile(`${folder.path}/${DATA}`, changed);
        const found = await readAll(folder.path);
        const missing = [...found].filter(([, values]) => values === undefined);
        numRefused += missing.length;

        assert.ok(missing.length <= 1);
        for (const [key, values] of found) {
          assert.ok(
            values === undefined || Buffer.compare(bytesOf(values), bytesOf(right.get(key))) === 0,
          );
        }
      }

      assert.ok(numRefused > 200, `${numRefused} of 500`); // the rest hit the object graph
    },
    { timeoutMs: 60_000 },
  );

  test(
    'neither crash nor fill the memory where the checksums were made to fit',
    async () => {
      await using folder = await temporaryFolder();
      const random = mersenne(2);
      const before = process.memoryUsage().rss;
      let numOpened = 0;
      for (let round = 0; round < NUM_HOSTILE; round++) {
        await writeBundle(
          folder.path,
          ['a/kernel', 'a/bias', 'b/kernel', 'b/bias', 'c'].map((key, i) => ({
            key,
            shape: [2, i],
            values: new Float32Array(2 * i).fill(i),
          })),
          {
            spoil: (block) => {
              for (let i = uniformInt(random, 0, 2); i > 0 && block.length > 0; i--) {
                block[uniformInt(random, 0, block.length - 1)] = uniformInt(random, 0, 255);
              }
              return block;
            },
          },
        );
        const found = await readAll(folder.path).catch(refused);
        numOpened += found === undefined ? 0 : 1;
      }

      assert.ok(numOpened > 10 && numOpened < NUM_HOSTILE, `${numOpened} opened`);
      assert.ok(process.memoryUsage().rss - before < 300 * MEBIBYTE);
    },
    { timeoutMs: 60_000 },
  );

  test('do not make it allocate what they claim', async () => {
    await using folder = await temporaryFolder();
    const side = 2 ** 18;
    for (const [shape, bytes] of [
      [[side, side], 4 * side * side],
      [[side, side], 24],
      [[2 ** 53 - 1, 2 ** 53 - 1], 24],
    ] as const) {
      const values = new Float32Array(6);
      await writeBundle(folder.path, [{ key: 'a', shape, values, bytes }]);

      await assert.rejects(openCheckpoint(folder.path), {
        code: 'ERR_CHECKPOINT',
        message: /a (ends at byte 274877906944, the file at 24|has 24 bytes, but)/,
      });
    }
  });
});

function bytesOf(values: Float32Array | undefined): Uint8Array {
  return values === undefined ? new Uint8Array() : new Uint8Array(values.buffer);
}
