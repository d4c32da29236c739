import { Value } from 'typebox/value';
import { PipelineError, toError } from '../models/errors.ts';
import { suggest } from '../models/validate.ts';
import type { ClientMessage } from './messages.ts';
import { clientMessages } from './schema.ts';

/** So much of a wrong value is repeated in an error message, characters. */
const MAX_SHOWN = 60;

/**
 * Reads one message of a client and checks every field of it.
 * @param text the WebSocket message
 * @throws PipelineError ERR_CLIENT_PROTOCOL with one line: which field, what was expected, what came;
 *   `details.id` is the message's id where it has one
 */
export function parseClientMessage(text: string): ClientMessage {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw protocolError(`Expected a JSON object, got ${show(value)}`);
  }
  const message = new Map<string, unknown>(Object.entries(value));
  const type = message.get('type');
  const schema = Object.entries(clientMessages).find(([name]) => name === type)?.[1];
  if (typeof type !== 'string' || schema === undefined) {
    const known = Object.keys(clientMessages);
    const hint = typeof type === 'string' ? suggest(type.slice(0, MAX_SHOWN), known) : '';
    throw protocolError(
      `Expected \`type\` to be one of ${known.join(', ')}, got ${show(type)}${hint}`,
      message,
    );
  }
  const fields = new Map(Object.entries(schema.properties));
  for (const name of message.keys()) {
    if (!fields.has(name)) {
      const hint = suggest(name.slice(0, MAX_SHOWN), [...fields.keys()]);
      throw protocolError(`Unknown field ${quote(name)} of ${type}${hint}`, message);
    }
  }
  for (const [name, field] of fields) {
    const isAbsent = !message.has(name);
    if (isAbsent ? schema.required?.includes(name) : !Value.Check(field, message.get(name))) {
      const wanted = Object.entries(field).find(([key]) => key === 'description')?.[1];
      const got = isAbsent ? 'nothing' : show(message.get(name));
      throw protocolError(`Expected \`${name}\` of ${type} to be ${wanted}, got ${got}`, message);
    }
  }
  return value as ClientMessage; // every field was held against the schema
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw protocolError(`Expected JSON, got ${quote(text)}: ${oneLine(toError(thrown).message)}`);
  }
}

function protocolError(line: string, message?: ReadonlyMap<string, unknown>): PipelineError {
  const id = message?.get('id');
  return new PipelineError('ERR_CLIENT_PROTOCOL', line, {
    details: typeof id === 'string' ? { id: id.slice(0, 128) } : {},
  });
}

function show(value: unknown): string {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return value === undefined ? 'nothing' : `${quote(stringify(value))} (${kind})`;
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'nested too deeply to show'; // what JSON.parse can read, JSON.stringify may find too deep
  }
}

function quote(text: string): string {
  const line = oneLine(text);
  return `\`${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line}\``;
}

function oneLine(text: string): string {
  return text.slice(0, 4 * MAX_SHOWN).replace(/[\s\p{Cc}]+/gu, ' ');
}
