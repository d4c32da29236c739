/** The door from option tables to commander: adds the flags of a table to a command, and reads their values. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { AnyOption, AnyTable, GroupOption, ListOption } from '../../../models/core/options.ts';
import { describeRange, isInRange } from '../../../models/core/range.ts';
import type { NumberRange } from '../../../models/core/range.ts';

/** What commander says that was typed, or is so by default, under the names of the options. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * Adds the flags of a table.
 * @param defaults of this command, where they differ from the table's
 */
export function addOptions(command: Command, table: AnyTable, defaults: Flags = {}): Command {
  for (const [name, row] of Object.entries(table)) {
    const { [name]: fallback = row.default } = defaults;
    addOption(command, name, row, fallback);
    if (row.type === 'group') {
      for (const [inner, innerRow] of Object.entries(row.table)) {
        const { help = '', default: value } = innerRow;
        // without a default of commander's: who says nothing does not switch the group on
        const text = `${help} (default: ${String(value)})`;
        addOption(command, `${name}.${inner}`, { ...innerRow, help: text }, undefined);
      }
    }
  }
  return command;
}

/**
 * The values of a table's options, as typed or by default. Groups are made of those of their flags that were typed.
 * @returns what has neither is left out
 */
export function flagValues<T extends object>(
  table: Readonly<Partial<Record<keyof T, AnyOption>>>,
  flags: Flags,
): T {
  const values = Object.entries<AnyOption>(table as AnyTable).map(([name, row]) => [
    name,
    row.type === 'group' ? groupValue(name, row, flags) : (flags[name] ?? row.default),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as T; // parsed by the same table
}

/** The inverse: values of a table's options, of a group whether it is on, as if they had been typed. */
export function typedAs(table: AnyTable, values: object): Flags {
  const given: Flags = { ...values };
  const flags = Object.entries(table).flatMap(([name, row]) => {
    const { [name]: value = row.alias === undefined ? undefined : given[row.alias] } = given;
    if (row.type === 'group' && typeof value === 'object') {
      const inner = Object.entries({ ...value }).map(([key, one]) => [`${name}.${key}`, one]);
      return [[name, true], ...inner];
    }
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(flags) as Flags;
}

function groupValue(name: string, { table }: GroupOption, flags: Flags): object | undefined {
  const inner = Object.keys(table).map((key) => [key, flags[`${name}.${key}`]]);
  const typed = inner.filter(([, value]) => value !== undefined);
  return flags[name] === true || typed.length > 0 ? Object.fromEntries(typed) : undefined;
}

function addOption(command: Command, name: string, row: AnyOption, fallback: unknown): void {
  if (row.flag !== undefined) {
    const { help = '', defaultText, required = false } = row;
    const text = defaultText === undefined ? help : `${help} (default: ${defaultText})`;
    const names = row.alias === undefined ? row.flag : longNames(row.flag, row.alias);
    const option = new Option(names, text);
    option.attributeName = () => name; // whichever of its names was typed
    option.makeOptionMandatory(required);
    prepare(option, row, fallback);
    command.addOption(option);
  }
}

/** `--min-score <score>` with the alias `conf` is `--min-score, --conf <score>`. */
function longNames(flag: string, alias: string): string {
  const typed = alias.replaceAll(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
  return flag.replace(/^(--(?:no-)?)\S+/, (name, dashes: string) => `${name}, ${dashes}${typed}`);
}

/** Sets how an option is parsed, and its default. */
function prepare(option: Option, row: AnyOption, fallback: unknown): void {
  switch (row.type) {
    case 'number':
      option.argParser(number(row)).default(fallback);
      return;
    case 'integer':
      option.argParser(whole(row)).default(fallback);
      return;
    case 'choice':
      option.choices(row.values).default(fallback);
      return;
    case 'list':
      option.argParser(listParser(row));
      option.default(fallback, Array.isArray(fallback) ? fallback.join() || 'none' : undefined);
      return;
    case 'text':
      option.default(fallback);
      return;
    case 'boolean': // there or not
    case 'group': // the same
    case 'hook': // code has no flags
    case 'value':
      return;
  }
}

/** Parses a number, for commander. */
export function number(range: NumberRange): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || !isInRange(value, range)) {
      throw new InvalidArgumentError(`Expected ${describeRange('a number', range)}.`);
    }
    return value;
  };
}

/** Parses a whole number, for commander. */
export function whole(range: NumberRange): (text: string) => number {
  const parse = number(range);
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value)) {
      throw new InvalidArgumentError(`Expected ${describeRange('a whole number', range)}.`);
    }
    return value;
  };
}

function listParser({
  values,
  isRepeated,
}: ListOption): (text: string, before?: readonly string[]) => readonly string[] {
  if (isRepeated === true) {
    return (text, before = []) => [...before, text];
  }
  return (text) => {
    const items = text.split(',').map((item) => item.trim());
    if (items.some((item) => !(values?.includes(item) ?? item !== ''))) {
      const wanted = values === undefined ? 'names' : `some of ${values.join(', ')},`;
      throw new InvalidArgumentError(`Expected ${wanted} separated by commas.`);
    }
    return items;
  };
}
