import { socketUrl } from './protocol.ts';
import { openReconnectingSocket, type ReconnectingSocket } from './socket.ts';

/** What a source's picture socket tells the page. */
export interface PictureHandlers {
  /** @param jpeg still compressed: most pictures of a fast source are never shown */
  readonly onPicture: (frame: number, jpeg: Blob) => void;
  /** No picture will come for now: the socket is lost, or the server has no pictures. */
  readonly onLost: () => void;
}

const HEADER_BYTES = 4;

/**
 * Opens the pictures of one source.
 * Owns: the caller, who calls `close()`.
 */
export function openPictures(source: string, handlers: PictureHandlers): ReconnectingSocket {
  const socket = openReconnectingSocket(socketUrl('/v1/pictures', { source }), {
    onState(state) {
      if (state === 'offline') {
        handlers.onLost();
      }
    },
    onMessage(data) {
      if (!(data instanceof ArrayBuffer) || data.byteLength <= HEADER_BYTES) {
        return;
      }
      socket.confirm();
      const frame = new DataView(data).getUint32(0); // big-endian
      const jpeg = new Blob([new Uint8Array(data, HEADER_BYTES)], { type: 'image/jpeg' });
      handlers.onPicture(frame, jpeg);
    },
  });
  return socket;
}
