export { fromVideo } from './sources/fromVideo.ts';
export type { FromImagesConfig, FromLiveConfig, FromVideoConfig } from './sources/sourceOptions.ts';
export type { DecoderChoice, OnDamage, VideoInfo } from './media/video/videoOptions.ts';
export { fromLive } from './sources/fromLive.ts';
export type { LiveDropCause, LiveState } from './sources/live/liveSettings.ts';
export { isLiveSource, maskedAddress, maskOf } from './sources/live/liveSource.ts';
export type {
  LiveSource,
  NetworkSource,
  ScreenSource,
  TestSource,
  WebcamSource,
} from './sources/live/liveSource.ts';
export type { BackOff } from './sources/live/backOff.ts';
export { testBoxes } from './sources/live/testPattern.ts';
export type { TestBox, TestPattern } from './sources/live/testPattern.ts';
export { fromImages } from './sources/fromImages.ts';
export { frameFromPixels } from './media/pictures/frameFromPixels.ts';
export type { FrameFromPixelsConfig } from './media/pictures/frameFromPixels.ts';
export { readPixels } from './media/pictures/readPicture.ts';
export type { RawPicture } from './media/pictures/fitPicture.ts';
export type { Pixels } from './media/pictures/readPicture.ts';
export { findFiles } from './sources/findFiles.ts';
export type { FoundFiles } from './sources/findFiles.ts';
export { kindOfSource } from './sources/kindOfSource.ts';
export type { SourceKind } from './sources/kindOfSource.ts';
export { isByteStream, isOwnDescriptor } from './media/input/byteStream.ts';
export { pathOf } from './media/input/videoInput.ts';
export { detect } from './detect/detect.ts';
export type {
  DetectConfig,
  DetectPolicy,
  MotionConfig,
  ObjectsConfig,
  ReadAttentionConfig,
} from './detect/detectOptions.ts';
export type { DropCause } from './detect/losses.ts';
export type { FrameTask, SeenFrame } from './detect/tasks/runTasks.ts';
export { segment } from './detect/tasks/segment.ts';
export { pose } from './detect/tasks/pose.ts';
export { caption } from './detect/tasks/caption.ts';
export { encode } from './detect/encode.ts';
export type { EncodedFrame } from './detect/encode.ts';
export { DraftKeeper } from './detect/draftKeeper.ts';
export type { OpenDraft } from './detect/draftKeeper.ts';
export { decode } from './detect/decode.ts';
export type { ReadFrame } from './detect/decode.ts';
export { objects } from './detect/objects.ts';
export { attentionPictures } from './detect/attention/attentionPictures.ts';
export type {
  AttentionPicture,
  AttentionPicturesConfig,
  FrameAttention,
} from './detect/attention/attentionPictures.ts';
export type { PictureFormat } from './draw/attentionPicture.ts';
export { drawDetections } from './draw/drawDetections.ts';
export type { PictureSize } from './draw/drawDetections.ts';
export { chooseEncoder, openVideoWriter } from './media/video/videoWriter.ts';
export type { VideoWriter, VideoWriterOptions } from './media/video/videoWriter.ts';
export { readAttention } from './detect/attention/readAttention.ts';
export type { AttendedObject } from './detect/attention/readAttention.ts';
export { inferLatest } from './flow/inferLatest.ts';
export type { InferLatestConfig } from './flow/inferLatest.ts';
export { inferEvery } from './flow/inferEvery.ts';
export type { InferEveryConfig } from './flow/inferEvery.ts';
export { sampleFrames } from './flow/sampleFrames.ts';
export type { SampleFramesConfig } from './flow/sampleFrames.ts';
export { FairScheduler } from './flow/fairScheduler.ts';
export { pace } from './flow/pace.ts';
export type { PaceConfig } from './flow/pace.ts';
export { measure } from './flow/measure.ts';
export type { MeasureConfig, Measurement } from './flow/measure.ts';
export { track } from './track/track.ts';
export type { TrackConfig } from './track/track.ts';
export { iou } from '../models/index.ts';
export { withFrame } from './flow/withFrame.ts';
export { findFfmpeg } from './media/native/nativeDecoder.ts';
