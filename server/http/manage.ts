import type { IncomingMessage, ServerResponse } from 'node:http';
import { toError } from '../../models/core/errors.ts';
import { isSourceName } from '../../models/core/sourceName.ts';
import { oneLine } from '../../models/core/schemaProblem.ts';
import type { Access } from '../access/authenticator.ts';
import type { SourceAttention, SourceInfo } from '../protocol/messages.ts';
import { refusalOf } from '../access/originPolicy.ts';
import type { PageRules } from '../access/originPolicy.ts';
import { Answer, sendJson, sendText } from './reply.ts';
import type { SourceManager } from '../hub/sourceManager.ts';

/** Size of a request's body, bytes; a larger one is 413. */
const MAX_BODY_BYTES = 16_384;
/** `/v1/sources`, `/v1/sources/NAME`, and `/attention`, `/pause` and `/resume` behind that. */
const PATH = /^\/v1\/sources(?:\/([^/]+)(?:\/(attention|pause|resume))?)?$/;

/** What the requests work on. */
export interface ManageConfig extends PageRules {
  /** What the request may do. */
  readonly access: Access;
  /** Undefined where sources cannot be changed by request. */
  readonly manager: SourceManager | undefined;
  readonly sources: () => readonly SourceInfo[];
  readonly source: (name: string) => SourceInfo | undefined;
  /** Has the attention of one of them told. @throws Answer 404 or 503 */
  readonly attention: (name: string) => Promise<SourceAttention>;
}

/** The methods that a path of this file knows; none where it is another path. */
export function methodsOf(path: string): readonly string[] {
  const [found, name, action] = PATH.exec(path) ?? [];
  if (found === undefined) {
    return [];
  }
  if (action === undefined) {
    return ['GET', 'HEAD', name === undefined ? 'POST' : 'DELETE'];
  }
  return [action === 'attention' ? 'GET' : 'POST'];
}

/**
 * Answers a request for the sources, for one or for its attention, or one that adds, removes, pauses or resumes one: 200 or
 * 201 with what was asked for as JSON, 204 once removed; otherwise one line of text with 400, 403, 404, 409, 413, 415 or 503.
 * Never rejects.
 */
export async function manageSources(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  config: ManageConfig,
): Promise<void> {
  try {
    await attempt(request, response, path, config);
  } catch (thrown) {
    const error = toError(thrown);
    response.setHeader('Connection', 'close'); // what is left of the body is not read
    sendText(response, statusOf(error), oneLine(error.message));
  }
}

async function attempt(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { host, origins, access, manager, ...known }: ManageConfig,
): Promise<void> {
  const source = (name: string): SourceInfo | undefined =>
    access.permits(name) ? known.source(name) : undefined;
  const [, encoded, action] = PATH.exec(path) ?? [];
  const name = decode(encoded ?? '');
  if (action === 'attention') {
    expectSource(source(name), name);
    sendJson(response, 200, await known.attention(name));
    return;
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    const all = known.sources().filter((one) => access.permits(one.name));
    sendJson(response, 200, encoded === undefined ? all : expectSource(source(name), name));
    return;
  }
  if (!access.mayManage) {
    throw new Answer(403, 'This token may not change sources');
  }
  if (manager === undefined) {
    throw new Answer(403, 'Sources cannot be changed here; start the server with --manage');
  }
  const refusal = refusalOf(request, { host, origins });
  if (refusal !== undefined) {
    throw new Answer(refusal.status, refusal.text);
  }
  if (encoded === undefined) {
    const wanted = parseSource(await bodyOf(request));
    if (!access.permits(wanted.name)) {
      throw new Answer(403, `This token may not name a source ${wanted.name}`);
    }
    if (source(wanted.name) !== undefined) {
      throw new Answer(409, `There is a source named ${wanted.name} already`);
    }
    manager.add(wanted.source);
    // relative to what was asked for, which a proxy may have below a path of its own
    response.setHeader('Location', `sources/${encodeURIComponent(wanted.name)}`);
    // no file has it: who wants it back after a restart has to write it into the configuration
    sendJson(response, 201, { ...source(wanted.name), kept: false });
    return;
  }
  expectSource(source(name), name);
  if (action === undefined) {
    manager.remove(name);
    response.writeHead(204, { 'Cache-Control': 'no-store' }).end();
    return;
  }
  await bodyOf(request); // says nothing, but is read, so that the connection can be used again
  if (action === 'pause') {
    manager.pause(name);
  } else {
    manager.resume(name);
  }
  sendJson(response, 200, source(name));
}

function expectSource(found: SourceInfo | undefined, name: string): SourceInfo {
  if (found === undefined) {
    throw new Answer(404, `There is no source named ${name}`);
  }
  return found;
}

function statusOf(error: Error): number {
  if (error instanceof Answer) {
    return error.status;
  }
  return error instanceof TypeError || error instanceof RangeError ? 400 : 503;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let numBytes = 0;
  // destroying the request would take its answer along
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    numBytes += chunk.byteLength;
    if (numBytes > MAX_BODY_BYTES) {
      throw new Answer(413, `A source takes no more than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseSource(text: string): { readonly name: string; readonly source: object } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const { message } = toError(thrown);
    // without the piece of the body that it repeats, which may be an address
    throw new Answer(400, `Expected JSON: ${message.replace(/, (?:\.\.\.)?".*/s, '')}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Answer(400, 'Expected a JSON object with `name` and `source`');
  }
  const name = 'name' in value && isSourceName(value.name) ? value.name : '';
  return { name, source: value };
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new Answer(400, 'The name in the path is not encoded as addresses are');
  }
}
