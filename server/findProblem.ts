import { Value } from 'typebox/value';
import type { TObject } from 'typebox';
import { suggest } from '../models/validate.ts';

/** So much of a wrong value is repeated in an error message, characters. */
const MAX_SHOWN = 60;

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
 * @param schema every field's `description` ends the sentence "Expected … to be"
 * @returns the first problem, unknown fields first; undefined where all is well
 */
export function findProblem(owner: string, schema: TObject, value: object): Problem | undefined {
  const given = new Map<string, unknown>(Object.entries(value));
  const fields = new Map(Object.entries(schema.properties));
  for (const field of given.keys()) {
    if (!fields.has(field)) {
      const hint = suggest(field.slice(0, MAX_SHOWN), [...fields.keys()]);
      return { field, isPresent: true, text: `Unknown field ${quote(field)} of ${owner}${hint}` };
    }
  }
  for (const [field, wanted] of fields) {
    const isPresent = given.has(field);
    if (isPresent ? !Value.Check(wanted, given.get(field)) : schema.required?.includes(field)) {
      const words = Object.entries(wanted).find(([key]) => key === 'description')?.[1];
      const got = isPresent ? show(given.get(field)) : 'nothing';
      return {
        field,
        isPresent,
        text: `Expected \`${field}\` of ${owner} to be ${words}, got ${got}`,
      };
    }
  }
  return undefined;
}

/** A value and its kind, short and on one line, for an error message. */
export function show(value: unknown): string {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return value === undefined ? 'nothing' : `${quote(stringify(value))} (${kind})`;
}

/** A text in back quotes, short and on one line, for an error message. */
export function quote(text: string): string {
  const line = oneLine(text);
  return `\`${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}\``;
}

/** A text without line breaks and control characters, cut at a few hundred characters. */
export function oneLine(text: string): string {
  return text.slice(0, 4 * MAX_SHOWN).replace(/[\s\p{Cc}]+/gu, ' ');
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'nested too deeply to show'; // what JSON.parse can read, JSON.stringify may find too deep
  }
}
