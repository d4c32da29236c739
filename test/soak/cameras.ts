/** Cameras of the soak: one FFmpeg plays the bundled clip, and RTSP servers on loopback show it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEMO_CLIP } from '../../pipeline/run/openSource.ts';
import type { Camera } from '../support/media/cameras.ts';
import { openRtpPictures, openRtspCamera } from '../support/media/rtspCamera.ts';
import type { RtpPictures } from '../support/media/rtspCamera.ts';

/** Pixels along the pictures' sides. */
const SIZE = '384x288';

/**
 * Plays the bundled clip for ever as a camera would send it: no B-frames, a whole picture each second.
 * It is encoded once, before it plays; playing copies.
 */
export async function playClip(framesPerSecond: number, seconds: number): Promise<RtpPictures> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  try {
    const clip = join(folder, 'clip.ts');
    const quiet = ['-hide_banner', '-v', 'error', '-nostdin'];
    await promisify(execFile)('ffmpeg', [
      ...[...quiet, '-t', String(seconds), '-i', DEMO_CLIP, '-r', String(framesPerSecond)],
      ...['-s', SIZE, '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency'],
      ...['-g', String(framesPerSecond), '-b:v', '400k', '-an', clip],
    ]);
    const play = ['-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy'];
    const pictures = await openRtpPictures([...quiet, ...play]); // no filter: it would end with the clip
    return {
      ...pictures,
      async [Symbol.asyncDispose]() {
        await pictures[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (thrown) {
    rmSync(folder, { recursive: true, force: true });
    throw thrown;
  }
}

/** One camera, and what can go wrong with it. */
export class SoakCamera implements AsyncDisposable {
  readonly name: string;
  readonly isFlapping: boolean;
  readonly #pictures: RtpPictures;
  #camera: Camera | undefined;
  #port = 0;
  #isFrozen = false;
  /** Connections to those that listened at this port before. */
  #numBefore = 0;

  constructor(name: string, isFlapping: boolean, pictures: RtpPictures) {
    this.name = name;
    this.isFlapping = isFlapping;
    this.#pictures = {
      ...pictures,
      listen: (listener) => pictures.listen((packet) => !this.#isFrozen && listener(packet)),
    };
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.#port}/${this.name}`;
  }

  get numConnections(): number {
    return this.#numBefore + (this.#camera?.numConnections ?? 0);
  }

  /** Listens, where it did before if it did. */
  async open(): Promise<void> {
    this.#camera = await openRtspCamera({ port: this.#port, pictures: this.#pictures });
    this.#port = this.#camera.port;
  }

  /** Closes its connections; new ones are taken. */
  cut(): void {
    this.#camera?.cut();
  }

  /** Sends nothing, on old connections and new ones, until it thaws. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
  }

  /** Closes its connections and refuses new ones, until it is opened. */
  async refuse(): Promise<void> {
    const camera = this.#camera;
    this.#camera = undefined;
    this.#numBefore += camera?.numConnections ?? 0;
    await camera?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }
}

/** Cameras that are there until they are disposed of. */
export interface SoakCameras extends AsyncDisposable {
  readonly list: readonly SoakCamera[];
}

/** Opens cameras, of which three in eight flap: the last ones. */
export async function openCameras(numCameras: number, pictures: RtpPictures): Promise<SoakCameras> {
  const numHealthy = numCameras - Math.round((numCameras * 3) / 8);
  const list = Array.from(
    { length: numCameras },
    (_, i) => new SoakCamera(`camera-${i + 1}`, i >= numHealthy, pictures),
  );
  for (const camera of list) {
    await camera.open();
  }
  return {
    list,
    async [Symbol.asyncDispose]() {
      for (const camera of list) {
        await camera[Symbol.asyncDispose]();
      }
    },
  };
}
