import { BinaryReader } from '@bufbuild/protobuf/wire';

/** Reads the value of a field. */
export type FieldReaders = Readonly<Record<number, (reader: BinaryReader) => void>>;

/**
 * Reads a protobuf message, field by field in the order that it has them.
 * @param readers by the field's number; fields without one are skipped
 * @throws Error where it is none
 */
export function readFields(message: Uint8Array, readers: FieldReaders): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = readers[field];
    if (read === undefined) {
      reader.skip(wireType, field);
    } else {
      read(reader);
    }
  }
}
