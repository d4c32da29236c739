/**
 * How binary messages are written and read, as MessagePack. The functions of a library fit as they are, so
 * that only those who want it load one.
 */
export interface ClientCodec {
  /** The subprotocol to ask the server for. */
  readonly protocol: string;
  encode(message: object): Uint8Array;
  /** @throws whatever it likes where it cannot read the data, which ends the connection for good */
  decode(data: Uint8Array): unknown;
}
