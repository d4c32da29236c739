/**
 * How messages are written and read. The functions of a MessagePack library fit as they are, so that
 * only those who want MessagePack load one.
 */
export interface ClientCodec {
  /** The subprotocol to ask the server for; absent for JSON text. */
  readonly protocol?: string;
  encode(message: object): string | Uint8Array;
  /** @throws whatever it likes where it cannot read the data, which ends the connection for good */
  decode(data: string | ArrayBuffer): unknown;
}

/** JSON text, which every server speaks. */
export const jsonCodec: ClientCodec = Object.freeze({
  encode: (message: object) => JSON.stringify(message),
  decode: (data: string | ArrayBuffer): unknown => JSON.parse(data as string), // throws at binary data
});
