/**
 * Option tables: what a program has to know of each option, as data.
 *
 * An option is declared once, in two lines side by side: its field in an interface, for whoever writes code (the type,
 * and what it means), and its row in the table of that interface, for everything else. The compiler refuses a field
 * without a row, a row without a field, and a row of another type. Known names, checks, defaults, flags of the command
 * line, keys of the configuration file and the tables of the readmes all follow from the rows.
 *
 * Why the interface is not made from the table: editors and the API reference show the doc blocks of an interface, and
 * nothing of an object. `docs:check` holds the defaults that those doc blocks name against the table.
 *
 * This file has types only, so that a table costs nothing to load: `--help` needs most of them.
 */
import type { NumberRange } from './range.ts';

/** What every row may say. */
interface Row {
  /** Must be given. */
  readonly required?: true;
  /** Where the default is found out at run time: what it is, in words. */
  readonly defaultText?: string;
  /** Flag of the command line with its value, such as `--budget-ms <ms>`. Without one it is for code only. */
  readonly flag?: string;
  /** Another name that it goes by in the configuration file and, as `--conf` for `conf`, on the command line. */
  readonly alias?: string;
  /** One line for `--help`. */
  readonly help?: string;
}

/** A number, or a whole number. */
export interface NumberOption extends Row, NumberRange {
  readonly type: 'number' | 'integer';
  readonly default?: number;
  readonly unit?: 'ms' | 's' | 'bytes' | 'pixels';
}

/** True or false. The flag of one that is true by default begins with `--no-`. */
export interface BooleanOption extends Row {
  readonly type: 'boolean';
  readonly default?: boolean;
}

/** A text. */
export interface TextOption extends Row {
  readonly type: 'text';
  readonly default?: string;
}

/** One of a few words. */
export interface ChoiceOption<T extends string = string> extends Row {
  readonly type: 'choice';
  readonly values: readonly T[];
  readonly default?: T;
}

/** A list of texts, or of a few words. */
export interface ListOption<T extends string = string> extends Row {
  readonly type: 'list';
  /** Whether the flag is given once for each. Default: once, with commas between them. */
  readonly isRepeated?: true;
  /** The words that may be in it. Default: any. */
  readonly values?: readonly T[];
  readonly default?: readonly T[];
}

/** Options of their own. The flag switches them on with their defaults, and so does each flag of theirs. */
export interface GroupOption extends Row {
  readonly type: 'group';
  /** The table of the group's own interface. */
  readonly table: AnyTable;
  readonly default?: object;
}

/** A function of the caller's. */
export interface HookOption extends Row {
  readonly type: 'hook';
  readonly default?: (...args: never[]) => unknown;
}

/** Anything else; whoever takes it checks it. */
export interface ValueOption extends Row {
  readonly type: 'value';
  readonly default?: unknown;
}

/** A row of any type. */
export type AnyOption =
  | NumberOption
  | BooleanOption
  | TextOption
  | ChoiceOption
  | ListOption
  | GroupOption
  | HookOption
  | ValueOption;

/** A table of any options. */
export type AnyTable = Readonly<Record<string, AnyOption>>;

/** The row that fits a type. */
type RowFor<T> =
  | ValueOption
  | ([T] extends [number]
      ? NumberOption
      : [T] extends [boolean]
        ? BooleanOption
        : [T] extends [string]
          ? TextOption | ChoiceOption<T>
          : [T] extends [readonly (infer Item extends string)[]]
            ? ListOption<Item>
            : [T] extends [(...args: never[]) => unknown]
              ? HookOption
              : [T] extends [readonly unknown[]]
                ? never
                : GroupOption);

/** What is there where an option is not given. A field that may stay open says `| undefined`. */
type Otherwise<T, K extends keyof T> =
  object extends Pick<T, K>
    ? undefined extends Required<T>[K]
      ? unknown
      : { readonly default: Required<T>[K] } | { readonly defaultText: string }
    : { readonly required: true } | { readonly default: T[K] };

/** The table of an interface: a row for each of its fields. */
export type OptionTable<T> = {
  readonly [K in keyof T]-?: RowFor<Exclude<T[K], undefined>> & Otherwise<T, K>;
};
