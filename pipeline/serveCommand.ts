import { once } from 'node:events';
import { createPipeline } from './createPipeline.ts';
import { EXIT } from './exitCodes.ts';
import { DEMO_CLIP } from './openSource.ts';
import type { ServeArguments } from './options.ts';

/** Name of the bundled clip's source. */
const DEMO_NAME = 'campus';

/**
 * The `serve` command: runs until it is interrupted.
 * @returns the exit code
 * @throws Error where the server or the model could not be started
 */
export async function serveCommand(
  options: ServeArguments,
  interrupt: AbortSignal,
): Promise<number> {
  const demo = [{ name: DEMO_NAME, source: DEMO_CLIP, loop: true }];
  const sources =
    options.sources.length > 0
      ? options.sources.map((source) => ({ ...source, loop: options.loop }))
      : demo;
  const { host, port, detector, detect, decoder, vidStride: stride, maxFrames } = options;
  const pipeline = await createPipeline({
    sources,
    detector,
    detect,
    decoder,
    stride,
    maxFrames,
    server: { host, port },
  });
  if (!options.quiet) {
    const { model, device } = pipeline.detector;
    const what = sources.map(({ name }) => name).join(', ');
    process.stderr.write(
      `Look at ${pipeline.server.url}, or subscribe at ${pipeline.server.url.replace('http', 'ws')}v1\n` +
        `model ${model.name} on ${device}; sources: ${what}; Ctrl-C ends it\n`,
    );
  }
  if (!interrupt.aborted) {
    await once(interrupt, 'abort');
  }
  await pipeline.close();
  return EXIT.done;
}
