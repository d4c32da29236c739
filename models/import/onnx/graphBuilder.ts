import type { Weight } from './weight.ts';

/** All of `Precision`. */
export const PRECISIONS = ['float32', 'float16'] as const;
/** How the weights of a graph are kept and computed with. */
export type Precision = (typeof PRECISIONS)[number];

/** Element types of a graph's inputs and outputs. */
export type ElementType = 'float32' | 'int64' | 'uint8';

/** What an attribute of an operation may be: a number, a word, or integers. */
export type Attribute = number | string | readonly number[];

/** One operation. */
export interface Operation {
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or an output of a graph; axes that are words are of any size. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A small tensor inside the graph's own file. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whole numbers are int64, reals are of the graph's precision. */
  readonly values: BigInt64Array | Float32Array;
}

/** An axis of `reshape`: a size, -1 for what is left, or the name of an int64 tensor [1]. */
export type Axis = number | string;

/**
 * Puts a graph together: every operation is one call that gives the name of its output. Equal constants
 * are kept once.
 */
export class GraphBuilder {
  readonly precision: Precision;
  readonly operations: Operation[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  readonly #weights = new Map<string, Weight>();
  readonly #constants = new Map<string, Constant>();
  readonly #shapes = new Map<string, string>();

  constructor(precision: Precision) {
    this.precision = precision;
  }

  /** A graph that begins with all that this one has; what either is given from here on is its own. */
  fork(): GraphBuilder {
    const fork = new GraphBuilder(this.precision);
    fork.operations.push(...this.operations);
    fork.inputs.push(...this.inputs);
    fork.outputs.push(...this.outputs);
    this.#weights.forEach((weight, name) => fork.#weights.set(name, weight));
    this.#constants.forEach((constant, key) => fork.#constants.set(key, constant));
    this.#shapes.forEach((shape, key) => fork.#shapes.set(key, shape));
    return fork;
  }

  /** Every weight that an operation takes, in the order of use. */
  get weights(): readonly Weight[] {
    return [...this.#weights.values()];
  }

  /** Every constant. */
  get constants(): readonly Constant[] {
    return [...this.#constants.values()];
  }

  /** Adds an operation with one output. @returns the output's name */
  op(
    kind: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const output = `${kind.toLowerCase()}_${this.operations.length}`;
    this.operations.push({ kind, inputs, outputs: [output], attributes });
    return output;
  }

  /** Parts a tensor along an axis. @returns the parts' names, in order */
  split(x: string, sizes: readonly number[], axis: number): string[] {
    const outputs = sizes.map((_, i) => `split_${this.operations.length}_${i}`);
    const inputs = [x, this.whole(sizes)];
    this.operations.push({ kind: 'Split', inputs, outputs, attributes: { axis } });
    return outputs;
  }

  /** Gives a tensor another shape. */
  reshape(x: string, ...axes: readonly Axis[]): string {
    return this.op('Reshape', [x, this.#shape(axes)]);
  }

  /** Adds axes of size 1. */
  unsqueeze(x: string, ...axes: readonly number[]): string {
    return this.op('Unsqueeze', [x, this.whole(axes)]);
  }

  /** The size of one axis as an int64 tensor [1]. */
  sizeOf(x: string, axis: number): string {
    return this.op('Shape', [x], { start: axis, end: axis + 1 });
  }

  /** Takes a weight in. @returns its name */
  weight(weight: Weight): string {
    this.#weights.set(weight.name, weight);
    return weight.name;
  }

  /** Whole numbers: int64, a scalar for a number, a vector for a list. */
  whole(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [values.length];
    return this.#constant(`whole ${shape.length} ${list.join()}`, {
      shape,
      values: BigInt64Array.from(list, BigInt),
    });
  }

  /** A real number of the graph's precision. */
  real(value: number): string {
    return this.#constant(`real ${value}`, { shape: [], values: Float32Array.of(value) });
  }

  /** Declares an input. @returns its name; float32 comes in the graph's precision behind a Cast */
  input(name: string, type: ElementType, shape: Port['shape']): string {
    this.inputs.push({ name, type, shape });
    return type === 'float32' ? this.#cast(name) : name;
  }

  /** Gives a tensor to the outside, float32 whatever the precision is. */
  output(name: string, x: string, shape: Port['shape']): void {
    this.outputs.push({ name, type: 'float32', shape });
    const isHalf = this.precision === 'float16';
    const attributes: Record<string, Attribute> = isHalf ? { to: CAST_TO.float32 } : {};
    this.operations.push({
      kind: isHalf ? 'Cast' : 'Identity', // onnxruntime takes an Identity out when it opens the graph
      inputs: [x],
      outputs: [name],
      attributes,
    });
  }

  /** Turns whole numbers or bytes into reals of the graph's precision. */
  toReal(x: string): string {
    return this.op('Cast', [x], { to: CAST_TO[this.precision] });
  }

  #cast(x: string): string {
    return this.precision === 'float32' ? x : this.toReal(x);
  }

  #shape(axes: readonly Axis[]): string {
    if (axes.every((axis) => typeof axis === 'number')) {
      return this.whole(axes);
    }
    const key = axes.join();
    const known = this.#shapes.get(key);
    if (known !== undefined) {
      return known;
    }
    const parts = axes.map((axis) => (typeof axis === 'number' ? this.whole([axis]) : axis));
    const made = this.op('Concat', parts, { axis: 0 });
    this.#shapes.set(key, made);
    return made;
  }

  #constant(key: string, { shape, values }: Omit<Constant, 'name'>): string {
    const known = this.#constants.get(key);
    const constant = known ?? { name: `constant_${this.#constants.size}`, shape, values };
    this.#constants.set(key, constant);
    return constant.name;
  }
}

/** As ONNX numbers element types. */
const CAST_TO = { float32: 1, float16: 10 } as const;
