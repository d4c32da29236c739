/** Element types that a listing names; any other is `dtype N`, N as TensorFlow numbers it. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'int32'
  | 'uint8'
  | 'string'
  | 'int64'
  | 'bool'
  | 'bfloat16'
  | 'float16'
  | `dtype ${number}`;

interface TypeInfo {
  readonly name: TensorType;
  /** Length of an element, bytes; undefined where it varies or is not known. */
  readonly bytes: number | undefined;
}

/** Source: tensorflow/core/framework/types.proto */
const TYPES: ReadonlyMap<number, TypeInfo> = new Map([
  [1, { name: 'float32', bytes: 4 }],
  [2, { name: 'float64', bytes: 8 }],
  [3, { name: 'int32', bytes: 4 }],
  [4, { name: 'uint8', bytes: 1 }],
  [7, { name: 'string', bytes: undefined }],
  [9, { name: 'int64', bytes: 8 }],
  [10, { name: 'bool', bytes: 1 }],
  [14, { name: 'bfloat16', bytes: 2 }],
  [19, { name: 'float16', bytes: 2 }],
]);

/** Names one of TensorFlow's element types. */
export function typeInfo(dtype: number): TypeInfo {
  return TYPES.get(dtype) ?? { name: `dtype ${dtype}`, bytes: undefined };
}
