/** The door to the ONNX messages: turns a graph into the bytes of its file. */
import { create, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type {
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type {
  Attribute,
  Constant,
  GraphBuilder,
  Operation,
  Port,
  Precision,
} from './graphBuilder.ts';
import { toBytes } from './toBytes.ts';

/** Gelu and a LayerNormalization of its own; every provider of onnxruntime 1.30 has them. */
const OPSET = 20n;
const IR_VERSION = 9n;
/** Operations that are onnxruntime's own, not the standard's. */
const OWN_DOMAIN = 'com.microsoft';
const OWN_KINDS = new Set(['MultiHeadAttention']);
/** Attributes that are real whatever their value is. */
const REALS = new Set(['epsilon', 'scale']);

/** Where a weight lies in the file beside the graph. */
export interface WeightPlace {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Encodes a graph whose weights lie in another file.
 * @param dataFile name of that file, in the same folder   @param places of all its weights
 * @returns an ONNX ModelProto
 */
export function encodeModel(
  graph: GraphBuilder,
  dataFile: string,
  places: readonly WeightPlace[],
): Uint8Array {
  const { precision } = graph;
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'pix2seq-stream',
    opsetImport: [{ version: OPSET }, { domain: OWN_DOMAIN, version: 1n }],
    graph: {
      name: 'pix2seq',
      node: graph.operations.map(toNode),
      input: graph.inputs.map(toValueInfo),
      output: graph.outputs.map(toValueInfo),
      initializer: [
        ...graph.constants.map((constant) => toInnerTensor(constant, precision)),
        ...places.map((place) => toOuterTensor(place, dataFile, precision)),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function toNode(operation: Operation): MessageInitShape<typeof NodeProtoSchema> {
  const { kind, inputs, outputs, attributes } = operation;
  return {
    opType: kind,
    name: outputs[0] ?? '',
    domain: OWN_KINDS.has(kind) ? OWN_DOMAIN : '',
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => toAttribute(name, value)),
  };
}

function toAttribute(
  name: string,
  value: Attribute,
): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'string') {
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  }
  if (typeof value === 'object') {
    return { name, type: AttributeType.INTS, ints: value.map(BigInt) };
  }
  return Number.isInteger(value) && !REALS.has(name)
    ? { name, type: AttributeType.INT, i: BigInt(value) }
    : { name, type: AttributeType.FLOAT, f: value };
}

function toValueInfo({ name, type, shape }: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((axis) => ({
    value:
      typeof axis === 'number'
        ? { case: 'dimValue' as const, value: BigInt(axis) }
        : { case: 'dimParam' as const, value: axis },
  }));
  const elemType = { float32: DataType.FLOAT, int64: DataType.INT64, uint8: DataType.UINT8 }[type];
  return { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } };
}

function toInnerTensor(
  { name, shape, values }: Constant,
  precision: Precision,
): MessageInitShape<typeof TensorProtoSchema> {
  const isWhole = values instanceof BigInt64Array;
  return {
    name,
    dims: shape.map(BigInt),
    dataType: isWhole ? DataType.INT64 : realType(precision),
    rawData: isWhole ? new Uint8Array(values.slice().buffer) : toBytes(values, precision),
  };
}

function toOuterTensor(
  { name, shape, offset, length }: WeightPlace,
  location: string,
  precision: Precision,
): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name,
    dims: shape.map(BigInt),
    dataType: realType(precision),
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries({ location, offset, length }).map(([key, value]) => ({
      key,
      value: String(value),
    })),
  };
}

function realType(precision: Precision): DataType {
  return precision === 'float16' ? DataType.FLOAT16 : DataType.FLOAT;
}
