/**
 * Attributes of a GraphDef's nodes as TensorFlow.js's converter writes them in JSON: texts in base64 or as lists of
 * character codes, whole numbers as numbers or texts
 * (https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/attr_value.proto).
 */
import { field, listOf } from './json.js';

/** A node of the graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: unknown;
}

function decodeText(value: unknown): string {
  if (Array.isArray(value)) return String.fromCharCode(...(value.slice(0, 100) as number[]));
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('latin1') : '';
}

/** A text attribute; empty where there is none. */
export function textAttribute(node: GraphNode, name: string): string {
  return decodeText(field(field(node.attributes, name), 's'));
}

export function textsAttribute(node: GraphNode, name: string): readonly string[] {
  return listOf(field(field(field(node.attributes, name), 'list'), 's')).map(decodeText);
}

/** A list of whole numbers. */
export function numbersAttribute(node: GraphNode, name: string): readonly number[] {
  return listOf(field(field(field(node.attributes, name), 'list'), 'i')).map(Number);
}

export function numberAttribute(node: GraphNode, name: string, otherwise: number): number {
  const value = field(node.attributes, name);
  return Number(field(value, 'f') ?? field(value, 'i') ?? otherwise);
}

export function isTrueAttribute(node: GraphNode, name: string): boolean {
  return field(field(node.attributes, name), 'b') === true;
}

/** The sizes of a shape attribute, −1 where any size goes; empty where there is none. */
export function shapeAttribute(node: GraphNode, name: string): readonly number[] {
  const shape = field(field(node.attributes, name), 'shape');
  return listOf(field(shape, 'dim')).map((dimension) => Number(field(dimension, 'size') ?? -1));
}
