import { stat } from 'node:fs/promises';
import { BUNDLED_MODEL } from '../core/detectorOptions.ts';
import { MACHINE_DEFAULTS } from './detectorOptions.ts';
import { readModelFolder } from '../format/modelFolder.ts';

/** The encoder graph with nothing around it. */
export interface BareEncoder {
  /** Bytes that a decoder call reads: its weights as float32, twice what the file has, and `memory.*`. */
  readonly callBytes: number;
  /**
   * @param image uint8 [S, S, 3], not shared; borrowed until the promise settles
   * @returns a view of one of the encoder's outputs by name, float32
   */
  run(image: Uint8Array): Promise<(name: string) => Float32Array>;
  release(): Promise<void>;
}

/**
 * Opens the bundled model's encoder alone, on the CPU with the default threads: the measure against
 * which a benchmark holds the rest.
 */
export async function bundledEncoder(): Promise<BareEncoder> {
  const { encoderFile, decoderFile, info } = await readModelFolder(BUNDLED_MODEL);
  const { float32Data, openSession, uint8Tensor } = await import('../engine/session.ts');
  const session = await openSession(encoderFile, { device: 'cpu', ...MACHINE_DEFAULTS });
  const { size } = info.image;
  const memory = session.outputs
    .filter(({ name }) => name.startsWith('memory.'))
    .map(({ shape }) =>
      shape.reduce<number>((count, axis) => count * (typeof axis === 'number' ? axis : 1), 4),
    );
  return {
    callBytes: memory.reduce((sum, bytes) => sum + bytes, 2 * (await stat(decoderFile)).size),
    async run(image) {
      const outputs = await session.run({ image: uint8Tensor(image, [1, size, size, 3]) });
      return (name) => float32Data(outputs, name);
    },
    release: () => session.release(),
  };
}
