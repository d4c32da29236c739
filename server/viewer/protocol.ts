import type { FrameDetections } from '../../models/types.ts';

/** The version of the message format this page understands. */
export const PROTOCOL_VERSION = 1;

/** What is known of a video source before its first frame. */
export interface SourceInfo {
  readonly name: string;
  readonly state: string;
  readonly width?: number;
  readonly height?: number;
  /** Frames per second of the source, as it announces itself. */
  readonly rate?: number;
}

/** The server's greeting, the first message of every connection. */
export interface HelloMessage {
  readonly v: number;
  readonly type: 'hello';
  readonly version: string;
  /** Changes with every start of the server. */
  readonly epoch: string;
  readonly sources: readonly SourceInfo[];
}

/** The detections of one frame. */
export interface FrameMessage extends FrameDetections {
  readonly v: number;
  readonly seq: number;
}

/** Says that messages `from` to `to`, both included, will not come. */
export interface GapMessage {
  readonly v: number;
  readonly type: 'gap';
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

/** A change of a source's state. */
export interface StatusMessage {
  readonly v: number;
  readonly type: 'status';
  readonly source: string;
  readonly state: string;
  readonly reason?: string;
}

/** The server's complaint about this client. */
export interface ErrorMessage {
  readonly v: number;
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
}

/** All messages this page acts on. */
export type ServerMessage = HelloMessage | FrameMessage | GapMessage | StatusMessage | ErrorMessage;

const knownTypes = new Set(['hello', 'frame', 'gap', 'status', 'error']);

/**
 * Reads one message of the server.
 * @returns the message, or undefined where its type is none this page acts on
 * @throws SyntaxError where the text is no JSON
 * @throws RangeError where the message has another version
 */
export function parseMessage(text: string): ServerMessage | undefined {
  const message = JSON.parse(text) as ServerMessage;
  if (!knownTypes.has(message.type)) {
    return undefined;
  } // the format may grow within a version
  if (message.v !== PROTOCOL_VERSION) {
    throw new RangeError(
      `This page reads messages of version ${PROTOCOL_VERSION}, the server sent ${String(message.v)}`,
    );
  }
  return message;
}

/**
 * Address of a WebSocket on the page's own host.
 * @param path absolute path, e.g. `/v1`
 */
export function socketUrl(path: string, parameters: Readonly<Record<string, string>> = {}): string {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  return url.href;
}
