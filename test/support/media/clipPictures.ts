import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, map, toArray } from 'rxjs';
import sharp from 'sharp';
import { fromVideo } from '../../../operators/index.ts';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';

/** Makes 1.png, 2.png and 10.png of three moments of the clip. */
export async function makePictures(folder: string): Promise<void> {
  await mkdir(folder);
  const shots = await firstValueFrom(
    fromVideo(DEMO_CLIP, { display: 768, stride: 60, maxFrames: 3 }).pipe(
      map((frame) => {
        const { data, ...shape } = frame.display!;
        const shot = { ...shape, data: data.slice(0, shape.stride * shape.height) };
        frame.close();
        return shot;
      }),
      toArray(),
    ),
  );
  for (const [index, name] of ['1.png', '2.png', '10.png'].entries()) {
    const { data, stride, width, height } = shots[index]!;
    await sharp(data, { raw: { width: stride / 3, height, channels: 3 } })
      .extract({ left: 0, top: 0, width, height })
      .toFile(join(folder, name));
  }
}
