import { defer } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { invariant, modelDefaults } from '../../../models/index.ts';
import type {
  Detection,
  Detector,
  Frame,
  FrameDetections,
  ModelInfo,
  TokenSequence,
} from '../../../models/core/types.ts';
import { DECODE_OPTIONS } from '../../../models/core/decodeOptions.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import { pickOptions, resolveOptions } from '../../../models/core/resolveOptions.ts';
import { abortable, decodeFrame } from '../decode.ts';
import { READING_OPTIONS } from '../detectOptions.ts';
import type { ReadAttentionConfig } from '../detectOptions.ts';
import { DraftKeeper } from '../draftKeeper.ts';
import { encodeFrame } from '../encode.ts';
import { drawAttention, groundOf } from '../../draw/attentionPicture.ts';
import { PICTURE_FORMATS } from '../../draw/attentionPicture.ts';
import type { AttentionPanels, PictureFormat } from '../../draw/attentionPicture.ts';
import { inferEvery } from '../../flow/inferEvery.ts';
import { toFrameDetections } from '../frameDetections.ts';
import { wantedBy } from '../objects.ts';

/** Options of `attentionPictures`: how frames are read, which objects are drawn, and how. */
export interface AttentionPicturesConfig extends ReadAttentionConfig {
  /** File format of the pictures. Default `png`. */
  readonly format?: PictureFormat;
}

/** One object, and a picture of where the decoder looked to read it. */
export interface AttentionPicture {
  readonly detection: Detection;
  /** What stands above the panels, in words: for machines without a font, and for those who cannot see. */
  readonly captions: readonly string[]; // [5]
  /** A file's bytes: five panels side by side, `ymin xmin ymax xmax class`. */
  readonly picture: Uint8Array;
}

/** The result of one frame with its pictures. */
export interface FrameAttention {
  /** As `detect` gives it. */
  readonly result: FrameDetections;
  /** One a detection of the result, in its order. */
  readonly pictures: readonly AttentionPicture[];
}

const OPTIONS: OptionTable<AttentionPicturesConfig> = {
  ...READING_OPTIONS,
  format: { type: 'choice', values: PICTURE_FORMATS, default: 'png' },
};

const TOKENS = ['ymin', 'xmin', 'ymax', 'xmax', 'class'] as const;

/**
 * Draws where the decoder looked for each token of each object: the cross-attention, over the frame.
 * See what the model sees, on your own video.
 *
 * ```text
 *  source              -f---f---|
 *  attentionPictures   ----p---p|     each p a result and a picture for each of its detections
 * ```
 *
 * Reads as `detect` does with the same options, drafts included, and so finds the same. One frame at
 * a time, in order, nothing dropped (`inferEvery`). Drawing takes longer than reading: the
 * operator is for looking closely, not for live sources. The picture shows the frame's `display`
 * picture where its source was asked for one, else the smaller one that the model sees. When the
 * consumer leaves, the work under way ends between two decoder calls or two pictures.
 * @param detector of a model with `attention.onnx`; borrowed
 * @param config see `AttentionPicturesConfig`, `DecodeOptions`, `ObjectsConfig`; all fields are optional
 * @returns one result a frame, with its pictures; **errors:** ERR_MODEL_LOAD where the model cannot
 * tell its attention, ERR_MODEL_RUN, ERR_WORKER_EXIT, ERR_BUFFER_FULL, and the source's own
 * @throws TypeError, RangeError for wrong options
 * **Owns:** takes each frame and closes it, in all cases.
 */
export function attentionPictures(
  detector: Detector,
  config: AttentionPicturesConfig = {},
): OperatorFunction<Frame, FrameAttention> {
  const ofModel = modelDefaults(detector.model);
  const resolved = resolveOptions('attentionPictures', OPTIONS, config, ofModel);
  const { format } = resolved;
  const options = pickOptions(DECODE_OPTIONS, resolved);
  const wanted = wantedBy(resolved, detector.model);

  return (source) =>
    defer(() => {
      const drafts = new DraftKeeper(options);
      const read = async (frame: Frame, signal: AbortSignal): Promise<FrameAttention> => {
        using held = frame;
        const { draft, reuse, keep } = drafts.open(held);
        const ground = await groundOf(held, detector.model.image);
        const encoded = await encodeFrame(detector, held);
        const asked = { ...options, draft, reuse, attention: true };
        const found = await decodeFrame(detector, encoded, asked, { signal });
        const objectIds = keep(found.sequence);
        const result = toFrameDetections(
          { ...found, slots: objectIds },
          detector.model,
          () => true,
        );
        const pictures: AttentionPicture[] = [];
        for (const [i, detection] of result.detections.entries()) {
          if (wanted(detection) && !signal.aborted) {
            const panels = panelsOf(found.sequence, i, detection, detector.model);
            const picture = await drawAttention(ground, panels, format);
            pictures.push({ detection, captions: panels.captions, picture });
          }
        }
        return { result: { ...result, detections: result.detections.filter(wanted) }, pictures };
      };
      return source.pipe(
        inferEvery((frame) => abortable((signal) => read(frame, signal)), {
          onDropped: (frame) => frame.close(),
        }),
      );
    });
}

/** What is drawn of the i-th object of a sequence. */
function panelsOf(
  { tokens, attention }: TokenSequence,
  i: number,
  { label, score, box }: Detection,
  { vocabulary }: ModelInfo,
): AttentionPanels {
  const maps = attention?.slice(5 * i, 5 * i + 5) ?? [];
  invariant(maps.length === 5, 'each token has its map, where attention was asked for');
  const captions = TOKENS.map((name, at) => {
    const bin = (tokens[5 * i + at] ?? 0) - vocabulary.coordinateBase;
    return at < 4 ? `${name}: bin ${bin}` : `${name}: ${label} ${score.toFixed(2)}`;
  });
  return { maps, captions, box };
}
