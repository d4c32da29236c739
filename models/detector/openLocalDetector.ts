import type { LocalDetectorOptions } from './detectorOptions.ts';
import type { Detector } from '../core/types.ts';

/**
 * Opens a model in this thread. Every run blocks the event loop while it computes: for tests, and
 * for scripts that do nothing else; `openDetector` keeps the loop free.
 * @throws PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT
 */
export async function openLocalDetector(options: LocalDetectorOptions = {}): Promise<Detector> {
  // onnxruntime's library takes a while to load, and whoever runs the model in a worker need not
  const { openInThread } = await import('./localDetector.ts');
  return openInThread(options);
}
