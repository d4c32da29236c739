/**
 * Holds an import beside the reference on the pictures of a folder that `models/training/reference/make.py
 * --pictures` made; for full sizes, which are not committed:
 *
 *     node --import ./test/support/typescript.mjs test/models/import/compareWithReference.ts FOLDER
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { importCheckpoint } from '../../../models/import/importCheckpoint.ts';
import { resolveDecodeOptions } from '../../../models/engine/decode/decodeOptions.ts';
import { Cache } from '../../../models/engine/decode/cache.ts';
import { Decoder } from '../../../models/engine/decode/decoder.ts';
import { StepRunner } from '../../../models/engine/decode/stepRunner.ts';
import { StepBatcher } from '../../../models/engine/decode/stepBatcher.ts';
import { rulesFor } from '../../../models/engine/decode/stopping.ts';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import { float32Data, float32Tensor, openSession } from '../../../models/engine/session.ts';
import { openCanvasEncoder } from './canvasEncoder.ts';
import { temporaryFolder, withEveryClass } from './imported.ts';
import { errorOf, readGolden } from './reference.ts';

const checkpoint = resolve(process.argv[2] ?? '.');
const golden = await readGolden(checkpoint);
await using folder = await temporaryFolder();
const model = await importCheckpoint({ checkpointDir: checkpoint, outDir: folder.path });
await withEveryClass(model);
const { info, decoderFile } = await readModelFolder(folder.path);
const encoder = await openCanvasEncoder(checkpoint, folder, 'float32');
const graph = new StepRunner(await openSession(decoderFile, { device: 'cpu', threads: 1 }), info);
const decoder = new Decoder(new StepBatcher((steps) => graph.run(steps)), info);
const maxObjects = golden.pictures[0]!.fused.classes.length; // as far as the reference read
const options = resolveDecodeOptions({ reuse: 'off', maxObjects }, info);
/** The largest errors so far. */
const worst = { features: 0, memory: 0, logits: 0, score: 0 };
let numEqual = 0;

for (const [index, picture] of golden.pictures.entries()) {
  const bytes = await readFile(join(checkpoint, 'pictures', `${index}.canvas`));
  const levels = new Float32Array(new Uint8Array(bytes).buffer).map((unit) => unit * 255);
  const { size } = info.image;
  const seen = await encoder.run({ image: float32Tensor(levels, [1, size, size, 3]) });
  const { features: _, fed: __, ...memory } = seen;
  const cache = new Cache(info.cacheWidth, golden.taughtTokens.length);
  for (const [step, expected] of picture.taught.entries()) {
    const tokens = [golden.taughtTokens[step]!];
    const [result] = await graph.run([{ memory, tokens, cache }]);
    worst.logits = Math.max(worst.logits, errorOf(result!.logits, expected));
    cache.append(result!.rows);
  }
  const read = await decoder.decode(memory, { options, rules: rulesFor(options) });
  const { tokens, classes, scores } = picture.fused;
  const expected = tokens.map((token, i) =>
    i % 5 === 4 ? info.vocabulary.classBase + classes[(i - 4) / 5]! : token,
  );
  const off = expected.findIndex((token, i) => token !== read.tokens[i]);
  numEqual += Number(off === -1);
  worst.features = Math.max(
    worst.features,
    errorOf(float32Data(seen, 'features'), picture.features),
  );
  worst.memory = Math.max(worst.memory, errorOf(float32Data(seen, 'fed'), picture.memory));
  worst.score = Math.max(
    worst.score,
    ...scores.map((score, i) => Math.abs(score - read.scores[i]!)),
  );
  const verdict = off === -1 ? `${expected.length} tokens equal` : `token ${off} differs`;
  process.stdout.write(`picture ${index}: ${verdict}\n`);
}
process.stdout.write(
  `${model.backbone}, ${model.numParameters} parameters (${golden.parameters}): ` +
    `${numEqual} of ${golden.pictures.length} pictures equal; largest errors ${JSON.stringify(worst)}\n`,
);
process.exitCode = numEqual === golden.pictures.length ? 0 : 1;
