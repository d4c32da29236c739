export { connect } from './connect.ts';
export type {
  ClientSocket,
  ClientSocketConstructor,
  ConnectOptions,
  DetectionClient,
  FrameSubscription,
} from './connect.ts';
export type * from '../messages.ts';
