import { openLocalDetector, toPolygons } from '../../../models/index.ts';
import type { Prompt } from '../../../models/index.ts';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import { Cache } from '../../../models/engine/decode/cache.ts';
import { StepRunner } from '../../../models/engine/decode/stepRunner.ts';
import { openSession, uint8Tensor } from '../../../models/engine/session.ts';
import type { Tensors } from '../../../models/engine/session.ts';
import type { ModelInfo } from '../../../models/core/types.ts';
import * as assert from '../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { importSmall } from './imported.ts';
import { canvas, expectProbe, readGolden } from './reference.ts';
import type { GoldenAnswer } from './reference.ts';

const NAME = 'multi-task-small';
/** Of a tensor's root mean square. */
const RELATIVE = 1e-4;
/** The pictures that the reference was asked about. */
const ASKED = [0, 1];
/** Tokens of a caption, as many as may be asked for. */
const MAX = 506;
const CPU = { device: 'cpu', threads: 1 } as const;

/** Prompts without the token of the task, which the model's description knows. */
function ofObjects(task: 'segment' | 'pose', answers: readonly GoldenAnswer[]): readonly Prompt[] {
  return answers.map(({ prompt }) => ({ task, tokens: prompt.slice(1) }));
}

/** Reads golden answers under teacher forcing, side by side. @returns for each the logits of its steps */
async function logitsOf(
  graph: StepRunner,
  info: ModelInfo,
  memory: Tensors,
  answers: readonly GoldenAnswer[],
): Promise<Float32Array[][]> {
  const V = info.vocabulary.size;
  const caches = answers.map(
    ({ prompt, tokens }) => new Cache(info.cacheWidth, prompt.length + tokens.length),
  );
  const run = async (
    tokensOf: (answer: GoldenAnswer) => readonly number[],
  ): Promise<Float32Array[]> => {
    const results = await graph.run(
      answers.map((answer, i) => ({ memory, tokens: tokensOf(answer), cache: caches[i]! })),
    );
    return results.map(({ logits, rows }, i) => {
      caches[i]!.append(rows);
      return logits.slice();
    });
  };
  const first = await run(({ prompt }) => prompt);
  const later = await run(({ tokens }) => tokens.slice(0, -1));
  return answers.map(({ tokens }, i) =>
    tokens.map((_, step) =>
      step === 0 ? first[i]!.subarray(-V) : later[i]!.subarray((step - 1) * V, step * V),
    ),
  );
}

suite('answers to the prompts of a multi-task model, beside the reference', (test) => {
  const compare = (title: string, work: () => Promise<void>): void =>
    test(title, work, { timeoutMs: MODEL_TEST_MS });

  compare('come by the same logits, the prompt in one call and the answer in another', async () => {
    const golden = await readGolden(NAME);
    await using model = await importSmall(NAME);
    const { info, encoderFile, decoderFile } = await readModelFolder(model.modelDir);
    const encoder = await openSession(encoderFile, CPU);
    const decoder = await openSession(decoderFile, CPU);
    const { size } = info.image;
    let numCompared = 0;
    for (const index of ASKED) {
      const picture = golden.pictures[index]!;
      const image = uint8Tensor(canvas(index, picture, info.image.pad), [1, size, size, 3]);
      const memory = await encoder.run({ image });
      for (const [task, answers] of Object.entries(picture.answers ?? {})) {
        const graph = new StepRunner(decoder, info);
        const all = await logitsOf(graph, info, memory, answers);
        for (const [i, { tokens, logits }] of answers.entries()) {
          const what = `${task} ${i} of picture ${index}`;
          for (const probe of logits) {
            const { step } = probe;
            expectProbe(all[i]![step]!, probe, RELATIVE, `${what}, step ${step}`);
          }
          const best = all[i]!.map((row) => row.indexOf(Math.max(...row)));
          assert.equal(best, tokens, what);
          numCompared++;
        }
      }
    }
    await encoder.release();
    await decoder.release();
    assert.is(numCompared, 2 * (3 + 3 + 1));
  });

  compare(
    'are the same tokens where any may follow, all prompts of a picture at once',
    async () => {
      const golden = await readGolden(NAME);
      await using model = await importSmall(NAME);
      await using detector = await openLocalDetector({ model: model.modelDir, device: 'cpu' });
      for (const index of ASKED) {
        const picture = golden.pictures[index]!;
        const { instance_segmentation, keypoint_detection, captioning } = picture.answers!;
        const objects = [instance_segmentation!, keypoint_detection!].flat();
        using features = await detector.encode(canvas(index, picture, detector.model.image.pad));
        const prompts: Prompt[] = [
          ...ofObjects('segment', instance_segmentation!),
          ...ofObjects('pose', keypoint_detection!),
          { task: 'caption' },
        ];

        const found = await detector.respond(features, prompts, { typeMask: false });
        const [text] = await detector.respond(features, prompts.slice(-1), {
          typeMask: false,
          maxTokens: MAX,
        });

        for (const [i, { tokens }] of objects.entries()) {
          assert.equal([...found[i]!], tokens, `prompt ${i} of picture ${index}`);
        }
        const { tokens } = captioning![0]!;
        assert.equal([...found.at(-1)!], tokens.slice(0, 128), `caption of picture ${index}`);
        assert.equal([...text!], tokens.slice(0, MAX), `long caption of picture ${index}`);
      }
    },
  );

  compare('mean the same points of the picture, whatever its size', async () => {
    const { imageSize, pictures } = await readGolden(NAME);
    await using model = await importSmall(NAME);
    const { info } = await readModelFolder(model.modelDir);
    for (const { width, height, outline } of pictures) {
      const scale = imageSize / Math.max(width, height);
      const frame = { width, height, letterbox: { scaleX: scale, scaleY: scale } };
      const [first = [], second = [], ...more] = toPolygons(
        Int32Array.from(outline!.tokens),
        frame,
        info,
      );
      const { points } = outline!;
      const clipped = (from: number, to: number): number[] =>
        Array.from({ length: to - from }, (_, i) =>
          // across before down here; and clipped to the picture
          i % 2 === 0
            ? Math.min(width, points[from + i + 1]!)
            : Math.min(height, points[from + i - 1]!),
        );

      assert.is(more.length, 0);
      assert.close(first, clipped(0, 6), { abs: 1e-3 });
      assert.close(second, clipped(8, 14), { abs: 1e-3 });
    }
  });
});
