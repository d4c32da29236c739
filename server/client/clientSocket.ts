/** The part of a WebSocket this client needs; browsers' and ws's both have it. */
export interface ClientSocket {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

/** Makes a WebSocket. */
export type ClientSocketConstructor = new (url: string, protocols?: string[]) => ClientSocket;
