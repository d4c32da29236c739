import { Type } from 'typebox';
import type { TObject, TSchema } from 'typebox';
import type { AnyOption, AnyTable, NumberOption } from '../../models/core/options.ts';
import { describeRange } from '../../models/core/range.ts';

const closed = { additionalProperties: false };

/**
 * The schema of options that come as text, in a file or over HTTP: closed, each field with a `description` that ends
 * the sentence "Expected … to be".
 * @param table functions have no schema; an alias is a field of its own
 */
export function schemaOf(table: AnyTable): TObject {
  const fields = Object.entries(table).flatMap(([name, row]) => {
    const names = row.alias === undefined ? [name] : [name, row.alias];
    const schema = fieldOf(row);
    const field = row.required === true ? schema : Type.Optional(schema);
    return names.map((one) => [one, field]);
  });
  return Type.Object(Object.fromEntries(fields) as Record<string, TSchema>, closed);
}

function fieldOf(row: AnyOption): TSchema {
  switch (row.type) {
    case 'number':
      return Type.Number(boundsOf(row, 'a number'));
    case 'integer':
      return Type.Integer(boundsOf(row, 'a whole number'));
    case 'boolean':
      return Type.Boolean({ description: 'true or false' });
    case 'text':
      return Type.String({ minLength: 1, description: 'a text' });
    case 'choice':
      return oneOf(row.values, `one of ${row.values.join(', ')}`);
    case 'list':
      return Type.Array(row.values ? oneOf(row.values) : Type.String({ minLength: 1 }), {
        description: `a list of ${row.values?.join(', ') ?? 'names'}`,
      });
    case 'group': // the fields are held against the group's own schema
      return Type.Union([Type.Boolean(), Type.Object({})], {
        description: `true, false or settings: ${Object.keys(row.table).join(', ')}`,
      });
    case 'hook':
    case 'value':
      throw new TypeError('Expected an option that can be written down');
  }
}

function oneOf(values: readonly string[], description: string = ''): TSchema {
  return Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  );
}

const UNITS = {
  ms: ' of milliseconds',
  s: ' of seconds',
  bytes: ' of bytes',
  pixels: ' of pixels',
};

function boundsOf(row: NumberOption, noun: string): Record<string, unknown> {
  const { min, max, above, unit } = row;
  return {
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    description: describeRange(noun + (unit === undefined ? '' : UNITS[unit]), row),
  };
}
