import { PipelineError, toError } from '../models/errors.ts';
import { suggest } from '../models/validate.ts';
import { findProblem, oneLine, quote, show } from './findProblem.ts';
import type { ClientMessage } from './messages.ts';
import { clientMessages } from './schema.ts';

/** A wrong type longer than this has no near one, characters. */
const MAX_TYPE = 60;

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
    const hint = typeof type === 'string' ? suggest(type.slice(0, MAX_TYPE), known) : '';
    throw protocolError(
      `Expected \`type\` to be one of ${known.join(', ')}, got ${show(type)}${hint}`,
      message,
    );
  }
  const problem = findProblem(type, schema, value);
  if (problem !== undefined) {
    throw protocolError(problem.text, message);
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
