import { Type } from 'typebox';
import type { TObject } from 'typebox';
import { READING_SETTINGS, SERVING_SETTINGS, TOP_SETTINGS } from '../options/settings.ts';
import { schemaOf } from '../options/schemaOf.ts';
import { sourceSchema } from '../run/pipelineSource.ts';

const closed = { additionalProperties: false };

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
    ...schemaOf(TOP_SETTINGS).properties,
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
  detect: schemaOf(READING_SETTINGS),
  server: schemaOf(SERVING_SETTINGS),
  source: sourceSchema,
};
