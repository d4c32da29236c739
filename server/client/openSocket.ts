import { Observable } from 'rxjs';
import { shownAddress } from '../../models/core/address.ts';
import { PipelineError } from '../../models/core/errors.ts';
import type { ServerMessage } from '../protocol/messages.ts';
import type { ClientCodec } from './codec.ts';
import { connectionError } from './connectionError.ts';
import type { ResolvedOptions } from './options.ts';
import type { Outgoing } from './query.ts';

/** Sends one message on an open socket; does nothing once that has closed. */
export type Send = (message: Outgoing) => void;

/**
 * One connection: cold, opened by its subscriber, closed with 1000 when that leaves. It never completes.
 * **Errors:** PipelineError, see `connectionError`, when the connection ends; ERR_CLIENT_PROTOCOL without
 * `details.closeCode` where the peer speaks something else.
 * @param onOpen called with the way to send, once the token has been sent
 */
export function openSocket(
  { address, WebSocket: SocketClass, codec, token }: ResolvedOptions,
  onOpen: (send: Send) => void,
): Observable<ServerMessage> {
  return new Observable((subscriber) => {
    const socket =
      codec === undefined ? new SocketClass(address) : new SocketClass(address, [codec.protocol]);
    socket.binaryType = 'arraybuffer';
    const send: Send = (message) =>
      socket.send(
        codec === undefined
          ? JSON.stringify(message)
          : (codec.encode(message) as Uint8Array<ArrayBuffer>), // no library shares its memory
      );
    let httpStatus: number | undefined;
    socket.addEventListener('open', () => {
      if (subscriber.closed) {
        return;
      }
      if (token !== undefined) {
        send({ type: 'auth', token });
      }
      onOpen(send);
    });
    socket.addEventListener('message', ({ data }) => {
      if (subscriber.closed) {
        return; // what was under way when it was closed
      }
      const message = readMessage(data, codec);
      if (message === undefined) {
        subscriber.error(
          new PipelineError(
            'ERR_CLIENT_PROTOCOL',
            `${shownAddress(address)} does not speak protocol v1`,
          ),
        );
      } else {
        subscriber.next(message);
      }
    });
    // Always followed by `close`, which knows more but for the status; ws would throw without a listener.
    socket.addEventListener('error', (event) => {
      httpStatus = statusOf(event);
    });
    socket.addEventListener('close', ({ code, reason }) =>
      subscriber.error(connectionError(address, { code, reason, httpStatus })),
    );
    return () => socket.close(1000);
  });
}

/** @returns undefined where it is no message of protocol v1 */
function readMessage(data: unknown, codec: ClientCodec | undefined): ServerMessage | undefined {
  let value: unknown;
  try {
    value =
      data instanceof ArrayBuffer ? codec?.decode(new Uint8Array(data)) : JSON.parse(String(data));
  } catch {
    return undefined; // the caller turns it into the error of the connection
  }
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1
    ? (value as ServerMessage)
    : undefined;
}

/** @returns the status that ws was answered with; browsers do not tell it */
function statusOf(event: object): number | undefined {
  const text = 'message' in event ? String(event.message) : '';
  const found = /^Unexpected server response: (\d{3})$/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
