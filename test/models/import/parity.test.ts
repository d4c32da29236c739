import { openLocalDetector } from '../../../models/index.ts';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import { Cache } from '../../../models/engine/decode/cache.ts';
import { StepRunner } from '../../../models/engine/decode/stepRunner.ts';
import { toDetections } from '../../../models/engine/decode/objects.ts';
import { float32Data, openSession, uint8Tensor } from '../../../models/engine/session.ts';
import type { Session, Tensors } from '../../../models/engine/session.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { openCanvasEncoder } from './canvasEncoder.ts';
import { importSmall, temporaryFolder, withEveryClass } from './imported.ts';
import { SMALL, canvas, expectProbe, readGolden } from './reference.ts';

/** Of a tensor's root mean square. */
const RELATIVE = 1e-4;
const CPU = { device: 'cpu', threads: 1 } as const;
/** Those pictures that the reference does not resize: what is compared is the model. */
const EXACT = [0, 1];

/** Small checkpoints, each at its own size, and one whose picture is no multiple of its patches of 16 pixels. */
const CASES: readonly { readonly name: string; readonly imageSize?: number }[] = [
  ...SMALL.map((name) => ({ name })),
  { name: 'vit-small', imageSize: 72 },
];

async function encode(session: Session, image: Uint8Array): Promise<Tensors> {
  const size = Math.sqrt(image.length / 3);
  return session.run({ image: uint8Tensor(image, [1, size, size, 3]) });
}

for (const { name, imageSize } of CASES) {
  const size = imageSize === undefined ? {} : { imageSize };
  const at = imageSize === undefined ? '' : ` at ${imageSize} pixels`;
  suite(`an import of ${name}${at}, beside the reference`, (test) => {
    const compare = (title: string, work: () => Promise<void>): void =>
      test(title, work, { timeoutMs: MODEL_TEST_MS });

    compare('has as many parameters', async () => {
      await using model = await importSmall(name, size);

      assert.is(model.numParameters, (await readGolden(name, imageSize)).parameters);
    });

    compare('sees the same features, and hands the decoder the same memory', async () => {
      const golden = await readGolden(name, imageSize);
      await using folder = await temporaryFolder();
      const session = await openCanvasEncoder(name, folder, 'uint8', imageSize);
      for (const index of EXACT) {
        const picture = golden.pictures[index]!;
        const seen = await encode(session, canvas(index, picture, 76));

        expectProbe(float32Data(seen, 'features'), picture.features, RELATIVE, 'features');
        expectProbe(float32Data(seen, 'fed'), picture.memory, RELATIVE, 'memory');
      }
      await session.release();
    });

    compare('gives the same logits after each of the tokens that it is told', async () => {
      const golden = await readGolden(name, imageSize);
      await using model = await importSmall(name, size);
      const { info, encoderFile, decoderFile } = await readModelFolder(model.modelDir);
      const encoder = await openSession(encoderFile, CPU);
      const decoder = await openSession(decoderFile, CPU);
      for (const index of EXACT) {
        const picture = golden.pictures[index]!;
        const memory = await encode(encoder, canvas(index, picture, info.image.pad));
        const graph = new StepRunner(decoder, info);
        const cache = new Cache(info.cacheWidth, golden.taughtTokens.length);
        for (const [step, token] of golden.taughtTokens.entries()) {
          const [result] = await graph.run([{ memory, tokens: [token], cache }]);
          const expected = picture.taught[step]!;

          expectProbe(result!.logits, expected, RELATIVE, `logits of step ${step}`);
          assert.is(result!.logits.indexOf(Math.max(...result!.logits)), expected.best);
          cache.append(result!.rows);
        }
      }
      await encoder.release();
      await decoder.release();
    });

    compare('reads the same objects: tokens, classes, scores and boxes', async () => {
      const golden = await readGolden(name, imageSize);
      await using model = await importSmall(name, size);
      await withEveryClass(model);
      await using detector = await openLocalDetector({ model: model.modelDir, device: 'cpu' });
      for (const index of EXACT) {
        const picture = golden.pictures[index]!;
        const { tokens, classes, scores, boxes } = picture.fused;
        using features = await detector.encode(canvas(index, picture, detector.model.image.pad));
        const sequence = await detector.decode(features, { maxObjects: classes.length });
        const scale = golden.imageSize / Math.max(picture.width, picture.height);
        const frame = { ...picture, letterbox: { scaleX: scale, scaleY: scale } };
        const detections = toDetections(sequence, frame, detector.model, 0);

        assert.equal(
          [...sequence.tokens].filter((_, i) => i % 5 < 4),
          tokens.filter((_, i) => i % 5 < 4),
        );
        assert.equal(
          detections.map(({ classId }) => classId),
          classes,
        );
        assert.close(sequence.scores, scores, { abs: 1e-5 });
        for (const [i, [ymin, xmin, ymax, xmax]] of boxes.entries()) {
          const { box } = detections[i]!;
          const clipped = [
            Math.min(picture.height, ymin!, ymax!),
            Math.min(picture.width, xmin!, xmax!),
            Math.min(picture.height, Math.max(ymin!, ymax!)),
            Math.min(picture.width, Math.max(xmin!, xmax!)),
          ];
          // corners are put in order and clipped to the picture here, not there
          assert.close([box.ymin, box.xmin, box.ymax, box.xmax], clipped, { abs: 1e-3 });
        }
      }
    });
  });
}
