import { lastValueFrom, map, toArray } from 'rxjs';
import { bundledImageSpec } from '../../../models/index.ts';
import type { ModelInfo } from '../../../models/index.ts';
import { readModelFolder } from '../../../models/format/modelFolder.ts';
import { Encoder } from '../../../models/engine/encode/encoder.ts';
import { openSession } from '../../../models/engine/session.ts';
import type { Session, Tensors } from '../../../models/engine/session.ts';
import { fromVideo } from '../../../operators/index.ts';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import { clip } from '../media/clips.ts';

/** Real scenes: one that stands still, one that moves, one that jumps. */
export const SCENES: Readonly<Record<'steady' | 'panning' | 'cutting', string>> = {
  steady: DEMO_CLIP,
  panning: clip('panning.mp4'),
  cutting: clip('cutting.mp4'),
};

/** The first pictures of a clip, as the bundled model wants them. */
export function picturesOf(path: string, maxFrames: number): Promise<Uint8Array[]> {
  const pictures$ = fromVideo(path, { maxFrames, image: bundledImageSpec() }).pipe(
    map((frame) => {
      const image = frame.image.slice();
      frame.close();
      return image;
    }),
    toArray(),
  );
  return lastValueFrom(pictures$);
}

/** The bundled model's decoder with frames to read, without a detector around it. */
export interface Bench {
  readonly model: ModelInfo;
  readonly session: Session;
  /** What the encoder made of the frames. */
  memoriesOf(path: string, maxFrames: number): Promise<Tensors[]>;
  release(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const folder = await readModelFolder('nano');
  const seeing = await openSession(folder.encoderFile, { device: 'cpu', threads: 2 });
  const session = await openSession(folder.decoderFile, { device: 'cpu', threads: 1 });
  const encoder = new Encoder(seeing, folder.info, 1);
  return {
    model: folder.info,
    session,
    async memoriesOf(path, maxFrames) {
      const memories: Tensors[] = [];
      for (const picture of await picturesOf(path, maxFrames)) {
        memories.push(await encoder.encode(picture));
      }
      return memories;
    },
    release: async () => void (await Promise.all([seeing.release(), session.release()])),
  };
}
