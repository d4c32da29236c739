import { resolveDetectorOptions } from './detectorOptions.ts';
import { BUNDLED_MODEL, readModelFolder } from './modelFolder.ts';

/** The encoder graph with nothing around it. */
export interface BareEncoder {
  /** @param image uint8 [S, S, 3], not shared; borrowed until the promise settles */
  run(image: Uint8Array): Promise<void>;
  release(): Promise<void>;
}

/**
 * Opens the bundled model's encoder alone, on the CPU with the default threads: the measure against
 * which a benchmark holds the rest.
 */
export async function bundledEncoder(): Promise<BareEncoder> {
  const { encoderFile, info } = await readModelFolder(BUNDLED_MODEL);
  const { openSession, uint8Tensor } = await import('./session.ts');
  const { threads } = resolveDetectorOptions();
  const session = await openSession(encoderFile, { device: 'cpu', threads });
  const { size } = info.image;
  return {
    async run(image) {
      await session.run({ image: uint8Tensor(image, [1, size, size, 3]) });
    },
    release: () => session.release(),
  };
}
