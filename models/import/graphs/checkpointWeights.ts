import { PipelineError } from '../../core/errors.ts';
import type { TensorSource } from '../checkpoint/tensorSource.ts';
import type { Weight } from '../onnx/weight.ts';

/** What TensorFlow puts behind the path of every variable. */
const SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE';
/** What a checkpoint holds besides the model: the training's own state, which no graph needs. */
const NOT_THE_MODEL: readonly RegExp[] = [
  /^_CHECKPOINTABLE_OBJECT_GRAPH$/,
  /^(save_counter|global_step)\/\.ATTRIBUTES\//,
  /^optimizer\//,
  /\/\.OPTIMIZER_SLOT\//,
];
/** Variables that are measured, not learnt; published totals leave them out. */
const MEASURED = /\/moving_(mean|variance)$/;
/** How many keys a message lists of each kind. */
const MAX_LISTED = 20;

/**
 * The variables of a checkpoint, each to be taken once by a graph. Whoever has built the graphs asks `finish`
 * whether checkpoint and graphs fit each other; nothing is read before.
 */
export class CheckpointWeights {
  readonly #source: TensorSource;
  readonly #taken = new Set<string>();
  readonly #missing: string[] = [];
  readonly #misshaped: string[] = [];
  #numParameters = 0;

  /** @param source borrowed, open until the last weight is read */
  constructor(source: TensorSource) {
    this.#source = source;
  }

  /** Numbers that were learnt, of the variables taken so far. */
  get numParameters(): number {
    return this.#numParameters;
  }

  /**
   * Takes a variable. Where it is missing or of another shape, that is noted for `finish`.
   * @param path without TensorFlow's suffix   @param shape it must have
   */
  take(path: string, shape: readonly number[]): Weight {
    const key = `${path}${SUFFIX}`;
    const found = this.#source.tensors.get(key);
    this.#taken.add(key);
    if (found === undefined) {
      this.#missing.push(`${path} [${shape.join()}]`);
    } else if (found.dtype !== 'float32' || found.shape.join() !== shape.join()) {
      this.#misshaped.push(
        `${path}: expected float32 [${shape.join()}], found ${found.dtype} [${found.shape.join()}]`,
      );
    }
    if (!MEASURED.test(path)) {
      this.#numParameters += shape.reduce((product, axis) => product * axis, 1);
    }
    return { name: path, shape, read: () => this.#source.readFloats(key) };
  }

  /**
   * Says that all variables are taken.
   * @throws PipelineError ERR_CHECKPOINT that lists what is missing, of another shape, or left over
   */
  finish(): void {
    const unknown = [...this.#source.tensors.keys()].filter(
      (key) => !this.#taken.has(key) && !NOT_THE_MODEL.some((pattern) => pattern.test(key)),
    );
    const problems = [
      ...list('missing', this.#missing),
      ...list('of another shape', this.#misshaped),
      ...list(
        'unknown',
        unknown.map((key) => key.replace(SUFFIX, '')),
      ),
    ];
    if (problems.length > 0) {
      throw new PipelineError(
        'ERR_CHECKPOINT',
        `The checkpoint is not the model that its config.json describes: ${problems.join('; ')}`,
        { details: { missing: this.#missing, misshaped: this.#misshaped, unknown } },
      );
    }
  }
}

function list(what: string, keys: readonly string[]): string[] {
  const more = keys.length > MAX_LISTED ? `, and ${keys.length - MAX_LISTED} more` : '';
  return keys.length === 0
    ? []
    : [`${keys.length} ${what}: ${keys.slice(0, MAX_LISTED).join(', ')}${more}`];
}
