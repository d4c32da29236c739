import { join } from 'node:path';
import { readArchitecture } from '../../../models/import/config/architecture.ts';
import { openCheckpoint } from '../../../models/import/checkpoint/tensorSource.ts';
import { CheckpointWeights } from '../../../models/import/graphs/checkpointWeights.ts';
import { encoderGraph } from '../../../models/import/graphs/encoderGraph.ts';
import { writeModel } from '../../../models/import/onnx/writeModel.ts';
import { openSession } from '../../../models/engine/session.ts';
import type { Session } from '../../../models/engine/session.ts';
import { checkpointDir } from './reference.ts';
import type { TemporaryFolder } from './imported.ts';

/**
 * Opens the encoder of a checkpoint with the outputs `features` and `fed`, what the decoder attends to.
 * @param type of `image`: `float32` takes levels between those of bytes, 0 to 255, as resized pictures have them
 * @param imageSize pixels; default: as the checkpoint was trained
 * @returns borrows the folder; the caller releases it
 */
export async function openCanvasEncoder(
  name: string,
  folder: TemporaryFolder,
  type: 'uint8' | 'float32',
  imageSize?: number,
): Promise<Session> {
  const file = join(folder.path, 'canvasEncoder.onnx');
  const architecture = await readArchitecture(checkpointDir(name));
  const source = await openCheckpoint(checkpointDir(name));
  const weights = new CheckpointWeights(source);
  const built = encoderGraph(architecture, imageSize ?? architecture.imageSize, weights, 'float32');
  const { graph, features, memory } = built;
  graph.inputs.splice(0, 1, { ...graph.inputs[0]!, type });
  graph.output('features', features, ['N', architecture.encoder.width]);
  graph.output('fed', memory, ['N', architecture.decoder.width]);
  await writeModel(graph, file);
  await source.close();
  return openSession(file, { device: 'cpu', threads: 2 });
}
