import { toDetection } from '../../models/index.ts';
import type {
  DecodeOptions,
  Demand,
  Detector,
  FoundObject,
  Frame,
  FrameDetections,
  ObjectTokens,
} from '../../models/core/types.ts';
import { readFrame } from './decode.ts';
import type { OpenDraft } from './draftKeeper.ts';
import { encodeFrame } from './encode.ts';
import { toFrameDetections } from './frameDetections.ts';
import type { Wanted } from './objects.ts';
import { runTasks } from './tasks/runTasks.ts';
import type { FrameTask } from './tasks/runTasks.ts';
import { asksFor } from './wishes.ts';
import type { Wishes } from './wishes.ts';

/** How the frames of one `detect` are read. */
export interface ReadingConfig {
  readonly detector: Detector;
  /** Of every frame; what changes from frame to frame is added. */
  readonly decoding: DecodeOptions;
  /** Which objects are kept. */
  readonly wanted: Wanted;
  readonly tasks: readonly FrameTask[];
  readonly demand: (() => readonly Demand[]) | undefined;
  readonly onObject: ((object: FoundObject) => void) | undefined;
  readonly onFrame: ((frame: Frame) => void) | undefined;
}

/** What one frame is read with. */
export interface FrameReading {
  /** What is asked of it; undefined for everything. */
  readonly asked: Wishes | undefined;
  readonly draft: OpenDraft;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/**
 * Reads one frame: encoder, decoder, objects, tasks.
 * @throws PipelineError ERR_MODEL_RUN, ERR_WORKER_EXIT; what hooks, tasks and `demand` throw
 * **Owns:** takes the frame and closes it as soon as the encoder has seen it.
 */
export async function readDetections(
  frame: Frame,
  { asked, draft, signal }: FrameReading,
  { detector, decoding, wanted, tasks, demand, onObject, onFrame }: ReadingConfig,
): Promise<FrameDetections> {
  const image = tasks.length > 0 ? frame.image.slice() : new Uint8Array();
  using encoded = await encodeFrame(detector, frame, onFrame);
  const reading = {
    ...decoding,
    draft: draft.draft,
    reuse: draft.reuse,
    demand: asked?.demand ?? [],
  };
  const report = onObject && reportOf(frame, detector, wanted, onObject);
  const read = await readFrame(detector, encoded, reading, {
    signal,
    ...(report && { onObject: report }),
  });
  const objectIds = draft.keep(read.sequence);
  const result = toFrameDetections({ ...read, slots: objectIds }, detector.model, wanted);
  return await runTasks(
    tasks,
    { ...encoded, image, result },
    {
      signal,
      budgetMs: decoding.budgetMs ?? 0,
      isAsked: (one) => asked === undefined || asksFor(asked, one),
      isIdle: () => demand?.().length === 0,
    },
  );
}

/** Makes the hook that reports a frame's objects as they are found. */
function reportOf(
  { source, index: frame, width, height, letterbox }: Frame,
  { model }: Detector,
  wanted: Wanted,
  onObject: (object: FoundObject) => void,
): (object: ObjectTokens) => void {
  let index = 0;
  return (object) => {
    const score = Math.fround(object.score); // as the finished sequence holds it
    const detection = toDetection({ ...object, score }, { width, height, letterbox }, model);
    if (wanted(detection)) {
      onObject({ type: 'object', source, frame, index, detection });
      index += 1;
    }
  };
}
