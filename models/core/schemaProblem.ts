import { Value } from 'typebox/value';
import type { TObject } from 'typebox';
import { shownAddress } from './address.ts';
import { suggest } from './validate.ts';

/** So much of a wrong value is repeated in an error message, characters. */
const MAX_SHOWN = 60;

/** So much of a text is looked at for addresses, characters: what comes from outside may be long. */
const MAX_READ = 1_000;

/** What a schema says of a field beside what it may be. */
interface SchemaNotes {
  readonly description?: string;
  readonly writeOnly?: boolean;
}

/** What is wrong with an object. */
export interface Problem {
  /** The field that is unknown, missing or wrong. */
  readonly field: string;
  /** Whether the field is there. */
  readonly isPresent: boolean;
  /** One line: the fact, what was expected, what came. */
  readonly text: string;
}

/**
 * Holds the fields of an object against a closed schema, one level deep.
 * @param owner what the object is, in words; follows "of" in the message
 * @param schema every field's `description` ends the sentence "Expected … to be"; of one that is `writeOnly` the value
 *   may be secret, and is not shown
 * @returns the first problem, unknown fields first; undefined where all is well
 */
export function findProblem(owner: string, schema: TObject, value: object): Problem | undefined {
  const given = new Map<string, unknown>(Object.entries(value));
  const fields = new Map(Object.entries(schema.properties));
  for (const field of given.keys()) {
    if (!fields.has(field)) {
      const hint = suggest(field.slice(0, MAX_SHOWN), [...fields.keys()]);
      return {
        field,
        isPresent: true,
        text: `Unknown field ${quote(shownAddress(field.slice(0, MAX_READ)))} of ${owner}${hint}`,
      };
    }
  }
  for (const [field, wanted] of fields) {
    const isPresent = given.has(field);
    const found = given.get(field);
    if (isPresent ? !Value.Check(wanted, found) : schema.required?.includes(field)) {
      const { description: words, writeOnly = false } = wanted as SchemaNotes;
      const got = writeOnly && found !== '' ? kindOf(found) : show(found);
      return {
        field,
        isPresent,
        text: `Expected \`${field}\` of ${owner} to be ${words}, got ${got}`,
      };
    }
  }
  return undefined;
}

/** A value and its kind, short, on one line and without the secrets of addresses, for an error message. */
export function show(value: unknown): string {
  const kind = kindOf(value);
  return value === undefined ? kind : `${quote(stringify(value))} (${kind})`;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) {
    return value === null ? 'null' : 'nothing';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A text in back quotes, short and on one line, for an error message. */
export function quote(text: string): string {
  const line = oneLine(text);
  return `\`${line.length > MAX_SHOWN ? `${oneLine(line.slice(0, MAX_SHOWN))}…` : line}\``;
}

/** A text without line breaks, control characters and halves of characters, cut at a few hundred characters. */
export function oneLine(text: string): string {
  return text.slice(0, 4 * MAX_SHOWN).replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ');
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'string' ? shownAddress(part.slice(0, MAX_READ)) : part,
    );
  } catch {
    return 'nested too deeply to show'; // what JSON.parse can read, JSON.stringify may find too deep
  }
}
