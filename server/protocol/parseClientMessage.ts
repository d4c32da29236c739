import { PipelineError, toError } from '../../models/core/errors.ts';
import { suggest } from '../../models/core/validate.ts';
import { JSON_CODEC } from './codec.ts';
import type { Codec } from './codec.ts';
import { findProblem, oneLine, quote, show } from '../../models/core/schemaProblem.ts';
import type { ClientMessage } from './messages.ts';
import { clientMessages } from './clientSchema.ts';

/** A wrong type longer than this has no near one, characters. */
const MAX_TYPE = 60;

/**
 * Reads one message of a client and checks every field of it.
 * @param message text, or the bytes of a binary message   @param codec of the socket. Default JSON
 * @throws PipelineError ERR_CLIENT_PROTOCOL with one line: which field, what was expected, what came;
 *   `details.id` is the message's id where it has one
 */
export function parseClientMessage(
  message: string | Uint8Array,
  codec: Codec = JSON_CODEC,
): ClientMessage {
  if ((typeof message === 'string') === codec.isBinary) {
    throw protocolError(
      codec.isBinary
        ? 'Expected MessagePack, a binary message, got text'
        : 'Expected JSON text, got a binary message',
    );
  }
  let value: unknown;
  try {
    value = codec.decode(message);
  } catch (thrown) {
    const reason = oneLine(toError(thrown).message);
    throw protocolError(
      typeof message === 'string'
        ? `Expected JSON, got ${quote(message)}: ${reason}`
        : `Expected MessagePack, got ${message.byteLength} other bytes: ${reason}`,
    );
  }
  return checkClientMessage(value);
}

function checkClientMessage(value: unknown): ClientMessage {
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

function protocolError(line: string, message?: ReadonlyMap<string, unknown>): PipelineError {
  const id = message?.get('id');
  return new PipelineError('ERR_CLIENT_PROTOCOL', line, {
    details: typeof id === 'string' ? { id: id.slice(0, 128).replace(/\p{Cs}/gu, '') } : {},
  });
}
