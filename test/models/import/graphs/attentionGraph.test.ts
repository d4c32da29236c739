import { openLocalDetector } from '../../../../models/index.ts';
import { readModelFolder } from '../../../../models/format/modelFolder.ts';
import {
  concatTensors,
  float32Data,
  float32Tensor,
  int64Tensor,
  openSession,
  uint8Tensor,
} from '../../../../models/engine/session.ts';
import type { Session, Tensors } from '../../../../models/engine/session.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { importSmall } from '../imported.ts';
import type { Imported } from '../imported.ts';
import { plainLook } from '../plainLook.ts';
import { SMALL, canvas, readGolden } from '../reference.ts';

const CPU = { device: 'cpu', threads: 1 } as const;
/** Any: classes, coordinates, the prompt. */
const TOKENS = [10, 1400, 1100, 1777, 1300, 130, 1500];

/** An import with its graphs open, and what the encoder made of a picture. */
interface Opened extends AsyncDisposable {
  readonly decoder: Session;
  readonly attention: Session;
  readonly memory: Tensors;
  readonly width: number;
}

async function open(name: string, { modelDir }: Imported): Promise<Opened> {
  const { info, encoderFile, decoderFile, attentionFile } = await readModelFolder(modelDir);
  const encoder = await openSession(encoderFile, CPU);
  const decoder = await openSession(decoderFile, CPU);
  const attention = await openSession(attentionFile, CPU);
  const { size, pad } = info.image;
  const image = canvas(0, (await readGolden(name)).pictures[0]!, pad);
  const memory = await encoder.run({ image: uint8Tensor(image, [1, size, size, 3]) });
  await encoder.release();
  return {
    decoder,
    attention,
    memory,
    width: info.cacheWidth,
    async [Symbol.asyncDispose]() {
      await decoder.release();
      await attention.release();
    },
  };
}

/** Feeds tokens behind the rows of those before. */
function feed(
  session: Session,
  { memory, width }: Opened,
  tokens: readonly number[],
  past: Float32Array = new Float32Array(),
): Promise<Tensors> {
  const numBefore = past.length / width;
  return session.run({
    ...memory,
    tokens: int64Tensor(tokens, [1, tokens.length]),
    position: int64Tensor([numBefore], [1]),
    past: float32Tensor(past, [1, numBefore, width]),
  });
}

for (const name of SMALL) {
  suite(`attention.onnx of ${name}`, (test) => {
    const withModel = (title: string, work: (model: Opened) => Promise<void>): void =>
      test(
        title,
        async () => {
          await using imported = await importSmall(name);
          await using model = await open(name, imported);
          await work(model);
        },
        { timeoutMs: MODEL_TEST_MS },
      );

    withModel('gives the logits and rows of the decoder', async (model) => {
      const told = await feed(model.attention, model, TOKENS);
      const plain = await feed(model.decoder, model, TOKENS);

      for (const output of ['logits', 'rows']) {
        assert.close(float32Data(told, output), float32Data(plain, output), { abs: 1e-5 });
      }
    });

    withModel('tells where the weights look, as the mean of all heads', async (model) => {
      const expected = await plainLook(name, model.memory, TOKENS[0]!);
      const side = Math.sqrt(expected.length);

      const told = await feed(model.attention, model, TOKENS.slice(0, 1));

      assert.equal(told['attention']?.dims, [1, 1, side, side]);
      // what is compared lies far further apart
      assert.ok(Math.max(...expected) - Math.min(...expected) > 1e-3);
      assert.close(float32Data(told, 'attention'), expected, { abs: 1e-6 });
    });

    withModel('tells of two rows, of one picture or of two', async (model) => {
      const { attention, memory } = model;
      const [first, second] = [TOKENS.slice(0, 3), TOKENS.slice(3, 6)];
      const alone = [await feed(attention, model, first), await feed(attention, model, second)];
      const expected = alone.flatMap((each) => [...float32Data(each, 'attention')]);
      for (const pictures of [memory, concatTensors([memory, memory])]) {
        const told = await attention.run({
          ...pictures,
          tokens: int64Tensor([...first, ...second], [2, 3]),
          position: int64Tensor([0, 0], [2]),
          past: float32Tensor(new Float32Array(), [2, 0, model.width]),
        });

        assert.equal(told['attention']?.dims.slice(0, 2), [2, 3]);
        assert.close(float32Data(told, 'attention'), expected, { abs: 1e-6 });
      }
    });

    withModel('tells of tokens at once what it tells of them one by one', async (model) => {
      const together = await feed(model.attention, model, TOKENS);
      const all = float32Data(together, 'attention');
      const numCells = all.length / TOKENS.length;
      const rows = float32Data(together, 'rows');
      for (const [i, token] of TOKENS.entries()) {
        const past = rows.slice(0, i * model.width);
        const map = all.subarray(i * numCells, (i + 1) * numCells);

        const alone = await feed(model.attention, model, [token], past);

        assert.close(float32Data(alone, 'attention'), map, { abs: 1e-6 });
        assert.close([map.reduce((sum, share) => sum + share, 0)], [1], { abs: 1e-5 });
        assert.ok(map.every((share) => share > 0));
      }
      assert.not.equal(all.slice(0, numCells), all.slice(numCells, 2 * numCells), 'tokens differ');
    });
  });
}

suite('a detector of an import that tells attention', (test) => {
  for (const precision of ['float32', 'float16'] as const) {
    test(
      `reads the same objects with ${precision} weights, and has five maps of each`,
      async () => {
        await using model = await importSmall('vit-small', { precision });
        await using detector = await openLocalDetector({ model: model.modelDir, device: 'cpu' });
        const picture = (await readGolden('vit-small')).pictures[0]!;
        using features = await detector.encode(canvas(0, picture, detector.model.image.pad));
        const options = { maxObjects: 4, noiseThreshold: 1 };

        const plain = await detector.decode(features, options);
        const told = await detector.decode(features, { ...options, attention: true });

        assert.equal(told.tokens, plain.tokens);
        assert.is(told.attention?.length, 20);
        for (const { width, height, shares } of told.attention ?? []) {
          assert.equal([width, height, shares.length], [4, 4, 16]);
          const sum = shares.reduce((total, share) => total + share, 0);
          assert.close([sum], [1], { abs: precision === 'float16' ? 1e-3 : 1e-5 });
        }
      },
      { timeoutMs: MODEL_TEST_MS },
    );
  }
});
