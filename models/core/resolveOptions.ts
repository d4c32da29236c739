import type { AnyOption, AnyTable, OptionTable } from './options.ts';
import {
  expectInteger,
  expectKind,
  expectKnownKeys,
  expectNumber,
  expectOneOf,
} from './validate.ts';

/**
 * Checks options against their table and fills in the defaults. What is undefined counts as not given.
 * @param owner whose options they are, for messages
 * @param table the table of `T`   @param defaults those that are found out at run time (`defaultText`)
 * @returns a value for every row; undefined only where the interface says so
 * @throws TypeError for an unknown name, with the nearest known one, and for a value of another type; RangeError for
 * a number out of range
 */
export function resolveOptions<T extends object>(
  owner: string,
  table: AnyTable,
  given: T | undefined,
  defaults: Partial<T> = {},
): Required<T> {
  expectKnownKeys(owner, given, Object.keys(table));
  const values: Readonly<Record<string, unknown>> = { ...given };
  const found: Readonly<Record<string, unknown>> = { ...defaults };
  const resolved = Object.entries(table).map(([name, option]) => {
    const { [name]: value = found[name] ?? option.default } = values;
    const mayStayOpen = option.required !== true && option.defaultText === undefined;
    return [name, value === undefined && mayStayOpen ? undefined : checked(name, option, value)];
  });
  return Object.fromEntries(resolved) as Required<T>; // every row has a value of its type, or may stay open
}

/**
 * Those of some values that a table has a row for; what is undefined is left out.
 * @param table the table of `T`   @param values under the names of the rows, of their types
 */
export function pickOptions<T extends object>(table: OptionTable<T>, values: object): Partial<T> {
  const own = Object.entries(values).filter(
    ([name, value]) => Object.hasOwn(table, name) && value !== undefined,
  );
  return Object.fromEntries(own) as Partial<T>;
}

/** @returns the value; of a group, its options with their defaults */
function checked(name: string, option: AnyOption, value: unknown): unknown {
  switch (option.type) {
    case 'number':
      return expectNumber(name, value, option);
    case 'integer':
      return expectInteger(name, value, option);
    case 'choice':
      return expectOneOf(name, value, option.values);
    case 'boolean':
      return expectKind(name, value, 'true or false', typeof value === 'boolean');
    case 'text':
      return expectKind(name, value, 'a text', typeof value === 'string');
    case 'list':
      return expectKind(name, value, 'an array', Array.isArray(value));
    case 'hook':
      return expectKind(name, value, 'a function', typeof value === 'function');
    case 'group':
      expectKind(name, value, 'an object', typeof value === 'object' && value !== null);
      return resolveOptions(name, option.table, value as object); // just checked
    case 'value':
      return value;
  }
}
