import type {
  ErrorMessage,
  FrameMessage,
  GapMessage,
  HelloMessage,
  StatusMessage,
} from '../protocol/messages.ts';

export type * from '../protocol/messages.ts';

/** The version of the message format this page understands. */
export const PROTOCOL_VERSION = 1;

/** The messages this page acts on. */
export type PageMessage = HelloMessage | FrameMessage | GapMessage | StatusMessage | ErrorMessage;

const knownTypes = new Set<unknown>(['hello', 'frame', 'gap', 'status', 'error']);

/**
 * Reads one message of the server.
 * @returns the message, or undefined where its type is none this page acts on
 * @throws SyntaxError where the text is no JSON
 * @throws RangeError where the message has another version
 */
export function parseMessage(text: string): PageMessage | undefined {
  const message = JSON.parse(text) as { readonly v?: unknown; readonly type?: unknown };
  if (!knownTypes.has(message.type)) {
    return undefined; // the format may grow within a version
  }
  if (message.v !== PROTOCOL_VERSION) {
    throw new RangeError(
      `This page reads messages of version ${PROTOCOL_VERSION}, the server sent ${String(message.v)}`,
    );
  }
  return message as PageMessage;
}

/**
 * Address of a WebSocket of the page's own server, which a proxy may have below a path of its own, as the page.
 * @param path as the server knows it, e.g. `/v1`
 */
export function socketUrl(path: string, parameters: Readonly<Record<string, string>> = {}): string {
  const url = new URL(`.${path}`, location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  return url.href;
}
