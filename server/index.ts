export { createDetectionServer } from './createDetectionServer.ts';
export type { DetectionServer } from './createDetectionServer.ts';
export type { CloseReason, ServerStats } from './counters.ts';
export type * from './messages.ts';
export { SERVER_DEFAULTS } from './options.ts';
export type { ServerOptions } from './options.ts';
export { parseClientMessage } from './parseClientMessage.ts';
export { schema } from './schema.ts';
export type { FrameArrival, Picture, SourceEvent, SourceFeed } from './sourceFeed.ts';
