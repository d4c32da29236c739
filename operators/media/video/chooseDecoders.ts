import type { DecoderChoice } from './videoOptions.ts';
import type { StartDecoder } from '../ffmpeg/decoder.ts';
import { findFfmpeg, openFfmpeg, startNative } from '../native/nativeDecoder.ts';
import { isUrl } from '../input/videoInput.ts';
import { startWasm } from '../wasm/wasmDecoder.ts';

/** A decoder that may be tried. */
export interface VideoDecoder {
  readonly name: 'wasm' | 'native';
  readonly start: StartDecoder;
}

const WASM: VideoDecoder = { name: 'wasm', start: startWasm };

/**
 * The decoders to be tried, in order: the program on the PATH where it runs, and the built-in one.
 * @throws PipelineError ERR_VIDEO_OPEN where the program is needed, and there is none that runs
 */
export async function chooseDecoders(
  choice: DecoderChoice,
  path: string,
): Promise<readonly VideoDecoder[]> {
  const isNeeded = choice === 'native' || isUrl(path); // the built-in FFmpeg reaches no network
  if (choice === 'wasm' || (!isNeeded && findFfmpeg() === undefined)) {
    return [WASM];
  }
  try {
    const program = await openFfmpeg();
    const native: VideoDecoder = {
      name: 'native',
      start: (request, events) => startNative(request, events, program),
    };
    return isNeeded ? [native] : [native, WASM];
  } catch (thrown) {
    if (isNeeded) {
      throw thrown;
    }
    return [WASM]; // there is a program, and it does not run
  }
}
