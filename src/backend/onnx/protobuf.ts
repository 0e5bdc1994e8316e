/**
 * Writes ONNX's protocol buffers (onnx.proto3, IR version 10) with protobufjs's writer: only the messages and fields
 * that a lowered graph needs.
 */
import protobuf from 'protobufjs/minimal.js';

const { Writer } = protobuf;
type ProtobufWriter = protobuf.Writer;

/** TensorProto.DataType. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
} as const;
export type OnnxType = keyof typeof DATA_TYPES;

export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] };

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly domain?: string;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A graph input or output; a dimension given as a string is symbolic. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

const IR_VERSION = 10;
const OPSET_VERSION = 21;
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** The tag of a length-delimited field. */
const message = (field: number): number => (field << 3) | 2;
const varint = (field: number): number => field << 3;

function writeAttribute(writer: ProtobufWriter, name: string, attribute: OnnxAttribute): void {
  writer.uint32(message(5)).fork();
  writer.uint32(message(1)).string(name);
  switch (attribute.kind) {
    case 'float':
      writer.uint32((2 << 3) | 5).float(attribute.value);
      break;
    case 'int':
      writer.uint32(varint(3)).int64(attribute.value);
      break;
    case 'string':
      writer.uint32(message(4)).bytes(Buffer.from(attribute.value, 'utf8'));
      break;
    case 'ints':
      for (const value of attribute.value) writer.uint32(varint(8)).int64(value);
      break;
  }
  writer.uint32(varint(20)).int32(ATTRIBUTE_TYPES[attribute.kind]);
  writer.ldelim();
}

function writeNode(writer: ProtobufWriter, node: OnnxNode): void {
  writer.uint32(message(1)).fork();
  for (const input of node.inputs) writer.uint32(message(1)).string(input);
  for (const output of node.outputs) writer.uint32(message(2)).string(output);
  writer.uint32(message(4)).string(node.type);
  for (const [name, attribute] of Object.entries(node.attributes)) writeAttribute(writer, name, attribute);
  if (node.domain !== undefined) writer.uint32(message(7)).string(node.domain);
  writer.ldelim();
}

function writeInitializer(writer: ProtobufWriter, tensor: OnnxTensor): void {
  writer.uint32(message(5)).fork();
  for (const dimension of tensor.shape) writer.uint32(varint(1)).int64(dimension);
  writer.uint32(varint(2)).int32(DATA_TYPES[tensor.type]);
  writer.uint32(message(8)).string(tensor.name);
  writer.uint32(message(9)).bytes(tensor.bytes);
  writer.ldelim();
}

function writeValue(writer: ProtobufWriter, field: number, value: OnnxValue): void {
  writer.uint32(message(field)).fork();
  writer.uint32(message(1)).string(value.name);
  writer.uint32(message(2)).fork().uint32(message(1)).fork();
  writer.uint32(varint(1)).int32(DATA_TYPES[value.type]);
  writer.uint32(message(2)).fork();
  for (const dimension of value.shape) {
    writer.uint32(message(1)).fork();
    if (typeof dimension === 'string') writer.uint32(message(2)).string(dimension);
    else writer.uint32(varint(1)).int64(dimension);
    writer.ldelim();
  }
  writer.ldelim().ldelim().ldelim().ldelim();
}

function writeOpset(writer: ProtobufWriter, domain: string, version: number): void {
  writer.uint32(message(8)).fork();
  if (domain !== '') writer.uint32(message(1)).string(domain);
  writer.uint32(varint(2)).int64(version).ldelim();
}

/** The bytes of a ModelProto. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = Writer.create();
  writer.uint32(varint(1)).int64(IR_VERSION);
  writer.uint32(message(2)).string('looksay');
  writer.uint32(message(7)).fork();
  for (const node of model.nodes) writeNode(writer, node);
  writer.uint32(message(2)).string('looksay');
  for (const initializer of model.initializers) writeInitializer(writer, initializer);
  for (const input of model.inputs) writeValue(writer, 11, input);
  for (const output of model.outputs) writeValue(writer, 12, output);
  writer.ldelim();
  writeOpset(writer, '', OPSET_VERSION);
  writeOpset(writer, 'com.microsoft', 1);
  return writer.finish();
}
