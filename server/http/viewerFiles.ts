import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { sendText } from './reply.ts';

const FOLDER = new URL('../viewer/', import.meta.url);
const INDEX = 'index.html';
const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html;charset=utf-8'],
  ['.css', 'text/css;charset=utf-8'],
  ['.js', 'text/javascript;charset=utf-8'],
]);

interface ViewerFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Answers a request for a file of the page. @param path of the request's URL */
export type ServeViewer = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => void;

/**
 * Reads the page's files, a few hundred kilobytes, into memory: a request for one needs no disk, which may be slow,
 * and no descriptor, of which there may be none left. Other paths are 404.
 * @throws Error where they cannot be read
 */
export async function readViewer(): Promise<ServeViewer> {
  const names = (await readdir(FOLDER)).filter((name) => TYPES.has(extname(name)));
  const files = new Map<string, ViewerFile>(
    await Promise.all(names.map(async (name) => [`/${name}`, await readOne(name)] as const)),
  );
  return (request, response, path) => {
    const file = files.get(path === '/' ? `/${INDEX}` : path);
    if (file === undefined) {
      sendText(response, 404);
      return;
    }
    const { body, type, etag } = file;
    const isKnown = request.headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : 200, {
      ETag: etag,
      'Cache-Control': 'no-cache',
      ...(isKnown ? {} : { 'Content-Type': type, 'Content-Length': body.length }),
    });
    response.end(isKnown ? undefined : body);
  };
}

async function readOne(name: string): Promise<ViewerFile> {
  const body = await readFile(new URL(name, FOLDER));
  const sum = createHash('sha256').update(body).digest('base64url');
  return { body, type: TYPES.get(extname(name)) ?? '', etag: `"${sum}"` };
}
