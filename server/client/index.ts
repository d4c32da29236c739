export type { ClientSocket, ClientSocketConstructor } from './clientSocket.ts';
export type { ClientCodec } from './codec.ts';
export { connect } from './connect.ts';
export type { DetectionClient } from './connect.ts';
export type { ConnectionState } from './link.ts';
export type { ConnectOptions, RetryDelay } from './options.ts';
export type { DetectionQuery, Gap, SubscriptionMessage } from './query.ts';
export type * from '../protocol/messages.ts';
