/**
 * Folds operations into the chain of convolutions that a MobileNet is: what scales and shifts the channels behind a
 * convolution (a bias, a batch norm) goes into its kernel and bias; ReLU6 becomes its activation.
 */
import { type HostTensor, sizeOf } from '../../../layers/parameters.js';
import { unreachable } from '../../../shared/assert.js';
import { damaged } from './json.js';
import type { Action, Operation, Pads, WindowPadding } from './operations.js';

/** A convolution or dense layer: input ∗ kernel · scale + shift, then the activation. */
export interface FoldedLayer {
  readonly kind: 'convolution' | 'depthwise' | 'dense';
  readonly name: string;
  readonly kernel: HostTensor;
  readonly stride: number;
  readonly padding: WindowPadding;
  /** One number a channel of the output. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  readonly activation: 'linear' | 'relu6';
}

export type ChainStep =
  /** Pixels enter as x · scale + shift. */
  | { readonly kind: 'input'; readonly size: number | undefined; readonly scale: number; readonly shift: number }
  | FoldedLayer
  | { readonly kind: 'pad'; readonly pads: Pads }
  /** Adds what `from` gave. */
  | { readonly kind: 'shortcut'; readonly from: ChainLink }
  | { readonly kind: 'pool'; readonly window: number | undefined };

/** A step and all that comes before it. */
export interface ChainLink {
  readonly step: ChainStep;
  readonly previous: ChainLink | undefined;
  /** Steps up to here. */
  readonly length: number;
  /** Whether the grid was pooled. */
  readonly pooled: boolean;
}

/** Where the chain cannot be followed any further: "the model has …". */
export interface ChainEnd {
  readonly what: string;
  readonly after: ChainLink | undefined;
}

export interface Chain {
  /** Its links in order; none where the model has no image input. */
  readonly links: readonly ChainLink[];
  readonly ends: readonly ChainEnd[];
}

type Traced = ChainLink | ChainEnd;

function isEnd(traced: Traced): traced is ChainEnd {
  return 'what' in traced;
}

/** The longest chain in `operations`. Throws `UserError` where they are no graph without cycles. */
export function traceChain(where: string, operations: readonly Operation[]): Chain {
  const traced = new Map<string, Traced>();
  for (const operation of inOrder(where, operations)) traced.set(operation.name, trace(operation, traced));
  let longest: ChainLink | undefined;
  const ends = new Set<ChainEnd>();
  for (const result of traced.values()) {
    if (isEnd(result)) ends.add(result);
    // Of links of one length the last has most folded into it.
    else if (longest === undefined || result.length >= longest.length) longest = result;
  }
  const links: ChainLink[] = [];
  for (let link = longest; link !== undefined; link = link.previous) links.push(link);
  return { links: links.reverse(), ends: [...ends] };
}

/** The operations, each behind those that it takes its inputs from (Kahn 1962). */
function inOrder(where: string, operations: readonly Operation[]): readonly Operation[] {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  if (byName.size < operations.length) throw damaged(where, 'each name of a layer or node once', 'a name twice');
  const users = new Map<string, Operation[]>();
  const waiting = new Map<Operation, number>();
  for (const operation of operations) {
    const inputs = new Set(operation.inputs.filter((name) => byName.has(name)));
    waiting.set(operation, inputs.size);
    for (const name of inputs) users.set(name, [...(users.get(name) ?? []), operation]);
  }
  const ordered = operations.filter((operation) => waiting.get(operation) === 0);
  for (const operation of ordered) {
    for (const user of users.get(operation.name) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, left);
      if (left === 0) ordered.push(user);
    }
  }
  if (ordered.length < operations.length) throw damaged(where, 'layers or nodes without a cycle', 'a cycle');
  return ordered;
}

function trace({ name: ownName, inputs, action }: Operation, traced: ReadonlyMap<string, Traced>): Traced {
  if (action.kind === 'input') {
    return { step: { ...action, scale: 1, shift: 0 }, previous: undefined, length: 1, pooled: false };
  }
  const name = ownName.replace(/#\d+$/, ''); // For messages: as the model's author knows it.
  const [first, second] = inputs.map((input) => traced.get(input));
  if (first === undefined) return { what: `"${name}", whose input is not there`, after: undefined };
  if (isEnd(first)) return first;
  if (action.kind !== 'add') return apply(name, action, first);
  if (second === undefined) return { what: `"${name}", a sum of one`, after: first };
  return isEnd(second) ? second : shortcut(name, first, second);
}

function next(previous: ChainLink, step: ChainStep): ChainLink {
  return { step, previous, length: previous.length + 1, pooled: previous.pooled || step.kind === 'pool' };
}

function apply(name: string, action: Exclude<Action, { kind: 'input' | 'add' }>, link: ChainLink): Traced {
  switch (action.kind) {
    case 'convolution':
    case 'dense':
      return layer(name, action, link);
    case 'affine':
      return affine(name, action, link);
    case 'relu6':
      return isLayer(link.step)
        ? { ...link, step: { ...link.step, activation: 'relu6' } }
        : { what: `a ReLU6 where no MobileNet has one, "${name}"`, after: link };
    case 'pad':
    case 'pool':
      return next(link, action);
    case 'identity':
      return action.onlyPooled && !link.pooled ? { what: `"${name}" on a grid`, after: link } : link;
    case 'unsupported':
      return { what: action.what, after: link };
    default:
      return unreachable(action, 'action');
  }
}

export function isLayer(step: ChainStep): step is FoldedLayer {
  return step.kind === 'convolution' || step.kind === 'depthwise' || step.kind === 'dense';
}

function layer(name: string, action: Action & { kind: 'convolution' | 'dense' }, previous: ChainLink): Traced {
  const { kernel } = action;
  const isDense = action.kind === 'dense';
  const isDepthwise = action.kind === 'convolution' && action.depthwise;
  if (kernel.shape.length !== (isDense ? 2 : 4) || sizeOf(kernel.shape) === 0) {
    return { what: `a kernel of shape [${kernel.shape.join(', ')}] in "${name}"`, after: previous };
  }
  const [channels, multiplier] = isDepthwise ? [kernel.shape[2], kernel.shape[3]] : [kernel.shape.at(-1), 1];
  if (multiplier !== 1) return { what: `a depth multiplier of ${multiplier} in "${name}"`, after: previous };
  const step: FoldedLayer = {
    kind: isDense ? 'dense' : isDepthwise ? 'depthwise' : 'convolution',
    name,
    kernel,
    stride: isDense ? 1 : action.stride,
    padding: isDense ? 'valid' : action.padding,
    scale: new Float64Array(channels as number).fill(1),
    shift: new Float64Array(channels as number),
    activation: 'linear',
  };
  return next(previous, step);
}

function affine(name: string, { scale, shift }: Action & { kind: 'affine' }, link: ChainLink): Traced {
  const { step } = link;
  const at = (values: ArrayLike<number>, channel: number): number => values[values.length === 1 ? 0 : channel] ?? NaN;
  if (step.kind === 'input') {
    const isOne = [
      ...Array.from(scale).map((value) => value === scale[0]),
      ...Array.from(shift).map((value) => value === shift[0]),
    ];
    if (!isOne.every(Boolean)) return { what: `"${name}", which treats colours differently`, after: link };
    const changed = { scale: step.scale * at(scale, 0), shift: step.shift * at(scale, 0) + at(shift, 0) };
    return { ...link, step: { ...step, ...changed } };
  }
  const fits = isLayer(step) && [scale, shift].every(({ length }) => length === 1 || length === step.scale.length);
  if (!fits || step.activation !== 'linear') {
    return { what: `a scale or shift that follows no convolution, "${name}"`, after: link };
  }
  const changed = {
    scale: step.scale.map((value, channel) => value * at(scale, channel)),
    shift: step.shift.map((value, channel) => value * at(scale, channel) + at(shift, channel)),
  };
  return { ...link, step: { ...step, ...changed } };
}

/** The sum of a chain and of what it had been at some point. */
function shortcut(name: string, a: ChainLink, b: ChainLink): Traced {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  let link: ChainLink | undefined = long;
  while (link !== undefined && link.length > short.length) link = link.previous;
  if (link !== short || short === long) return { what: `a sum of two branches, "${name}"`, after: long };
  return next(long, { kind: 'shortcut', from: short });
}
