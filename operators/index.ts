export { fromVideo } from './fromVideo.ts';
export type { DecoderChoice, FromVideoConfig, OnDamage, VideoInfo } from './fromVideo.ts';
export { fromLive } from './fromLive.ts';
export type { FromLiveConfig } from './fromLive.ts';
export type { LiveDropCause, LiveState } from './live/liveSettings.ts';
export { isLiveSource, maskedAddress, maskOf } from './live/liveSource.ts';
export type {
  LiveSource,
  NetworkSource,
  ScreenSource,
  TestSource,
  WebcamSource,
} from './live/liveSource.ts';
export type { BackOff } from './live/backOff.ts';
export { testBoxes } from './live/testPattern.ts';
export type { TestBox, TestPattern } from './live/testPattern.ts';
export { fromImages } from './fromImages.ts';
export { frameFromPixels } from './frameFromPixels.ts';
export type { FrameFromPixelsConfig } from './frameFromPixels.ts';
export { readPixels } from './images/readPicture.ts';
export type { RawPicture } from './images/fitPicture.ts';
export type { Pixels } from './images/readPicture.ts';
export { findFiles } from './sources/findFiles.ts';
export type { FoundFiles } from './sources/findFiles.ts';
export { kindOfSource } from './sources/kindOfSource.ts';
export type { SourceKind } from './sources/kindOfSource.ts';
export { isByteStream, isOwnDescriptor } from './video/byteStream.ts';
export { pathOf } from './video/sources.ts';
export type { FromImagesConfig } from './fromImages.ts';
export { detect } from './detect.ts';
export type { DetectConfig, DetectPolicy } from './detect.ts';
export type { FrameTask, SeenFrame } from './frameTask.ts';
export { segment } from './segment.ts';
export { pose } from './pose.ts';
export { caption } from './caption.ts';
export type { MotionConfig } from './motionGate.ts';
export { encode } from './encode.ts';
export type { EncodedFrame } from './encode.ts';
export { DraftKeeper } from './draftKeeper.ts';
export type { OpenDraft } from './draftKeeper.ts';
export { decode } from './decode.ts';
export type { ReadFrame } from './decode.ts';
export { objects } from './objects.ts';
export type { ObjectsConfig } from './objects.ts';
export { attentionPictures } from './attentionPictures.ts';
export type {
  AttentionPicture,
  AttentionPicturesConfig,
  FrameAttention,
} from './attentionPictures.ts';
export type { PictureFormat } from './images/attentionPicture.ts';
export { drawDetections } from './images/detectionPicture.ts';
export type { PictureSize } from './images/detectionPicture.ts';
export { chooseEncoder, openVideoWriter } from './video/videoWriter.ts';
export type { VideoWriter, VideoWriterOptions } from './video/videoWriter.ts';
export { readAttention } from './readAttention.ts';
export type { AttendedObject, ReadAttentionConfig } from './readAttention.ts';
export { inferLatest } from './inferLatest.ts';
export type { InferLatestConfig } from './inferLatest.ts';
export { inferEvery } from './inferEvery.ts';
export type { InferEveryConfig } from './inferEvery.ts';
export { sampleFrames } from './sampleFrames.ts';
export type { SampleFramesConfig } from './sampleFrames.ts';
export { Turns } from './turns.ts';
export { pace } from './pace.ts';
export type { PaceConfig } from './pace.ts';
export { measure } from './measure.ts';
export type { MeasureConfig, Measurement } from './measure.ts';
export { track } from './track.ts';
export type { TrackConfig } from './track.ts';
export { iou } from '../models/index.ts';
export { withFrame } from './withFrame.ts';
export { findFfmpeg } from './video/nativeDecoder.ts';
