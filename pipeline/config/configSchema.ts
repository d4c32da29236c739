import { Type } from 'typebox';
import type { TObject, TSchema } from 'typebox';
import { sourceSchema } from '../run/pipelineSource.ts';
import { TASKS } from '../run/taskNames.ts';

const closed = { additionalProperties: false };

function oneOf(values: readonly string[]): TSchema {
  return Type.Optional(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { description: `one of ${values.join(', ')}` },
    ),
  );
}

function whole(minimum: number, maximum?: number): TSchema {
  const range = maximum === undefined ? `>= ${minimum}` : `from ${minimum} to ${maximum}`;
  const bounds = { minimum, ...(maximum === undefined ? {} : { maximum }) };
  return Type.Optional(Type.Integer({ ...bounds, description: `a whole number ${range}` }));
}

const text = (description: string): TSchema =>
  Type.Optional(Type.String({ minLength: 1, description }));
const unit = Type.Optional(
  Type.Number({ minimum: 0, maximum: 1, description: 'a number from 0 to 1' }),
);
const flag = Type.Optional(Type.Boolean({ description: 'true or false' }));

/** What `detect` of the file says: how frames are read. */
const detectSchema: TObject = Type.Object(
  {
    conf: unit,
    classes: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'a list of labels' }),
    ),
    task: Type.Optional(
      Type.Array(Type.Union(TASKS.map((name) => Type.Literal(name))), {
        description: `a list of ${TASKS.join(', ')}`,
      }),
    ),
    reuse: oneOf(['refine', 'exact', 'sticky', 'tolerant', 'off']),
    maxObjects: whole(1, 100),
    budgetMs: Type.Optional(Type.Number({ minimum: 0, description: 'milliseconds >= 0' })),
    topP: unit,
    eosOffset: Type.Optional(Type.Number({ description: 'a number' })),
    motion: flag,
  },
  closed,
);

const serverSchema: TObject = Type.Object(
  {
    ...{ host: text('a name or address'), port: whole(0, 65_535), manage: flag, insecure: flag },
    ...{ cert: text('a file'), key: text('a file') },
    ...{ log: oneOf(['text', 'json']), drain: whole(0, 3_600), follow: flag },
  },
  closed,
);

const ratio = Type.Number({ minimum: 0, maximum: 1 });
const zonesSchema = Type.Record(
  Type.String(),
  Type.Object(
    {
      source: Type.Optional(Type.String({ minLength: 1 })),
      points: Type.Array(Type.Tuple([ratio, ratio]), { minItems: 3, maxItems: 64 }),
    },
    closed,
  ),
  { description: 'zones by name, each with at least 3 `points` [x, y] from 0 to 1' },
);

const tokensSchema = Type.Array(
  Type.Object(
    {
      token: Type.String({ minLength: 16, maxLength: 512 }),
      sources: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
      manage: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  {
    writeOnly: true,
    description:
      'a list, each with `token` of 16 or more characters, and at will `sources` and `manage`',
  },
);

/** The file as a whole; its parts are in {@link partSchemas}. */
export const configSchema: TObject = Type.Object(
  {
    sources: Type.Optional(
      Type.Array(Type.Object({}), {
        writeOnly: true,
        description: 'a list, each with `name` and `source`',
      }),
    ),
    model: text('a model folder or the name of a bundled model'),
    device: oneOf(['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml']),
    threads: whole(1),
    batch: whole(1, 32),
    decoder: oneOf(['auto', 'wasm', 'native']),
    stride: whole(1),
    maxFrames: whole(0),
    maxSources: whole(1),
    zones: Type.Optional(zonesSchema),
    tokens: Type.Optional(tokensSchema),
    origins: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'a list of origins of pages' }),
    ),
    detect: Type.Optional(Type.Object({}, { description: 'settings with names' })),
    server: Type.Optional(Type.Object({}, { description: 'settings with names' })),
  },
  closed,
);

/** The parts of the file that hold settings of their own. */
export const partSchemas: Readonly<Record<'detect' | 'server' | 'source', TObject>> = {
  detect: detectSchema,
  server: serverSchema,
  source: sourceSchema,
};
