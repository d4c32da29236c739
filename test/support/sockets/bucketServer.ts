/** Serves files as Google's public buckets do: with ranges, versions and checksums. And as badly as asked. */
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32c } from '../../../models/import/checkpoint/crc32c.ts';

/** What the server does to requests for one file, each the given number of times. */
export interface Faults {
  /** Answers with this status, `times` times. */
  readonly status?: { readonly code: number; readonly times: number };
  /** Sends so many bytes and then nothing more, `times` times. */
  readonly hold?: { readonly afterBytes: number; readonly times: number };
  /** Sends another byte than it ought to, `times` times. */
  readonly spoil?: { readonly times: number };
  /** Knows of no ranges. */
  readonly isSimple?: boolean;
  /** Tells neither checksum nor version. */
  readonly isBare?: boolean;
  /** Lets in only with this `user:password`. */
  readonly login?: string;
  /** Tells no checksum. */
  readonly hasNoSum?: boolean;
  /** Answers ranges whatever version is asked for. */
  readonly ignoresIfRange?: boolean;
}

/** A server that runs. */
export interface Bucket extends AsyncDisposable {
  /** Address of the folder. */
  readonly url: string;
  /** Path and range of each request so far, `ckpt-1.index bytes=3-`. */
  readonly requests: readonly string[];
  /** Changed by tests at will. */
  readonly files: Map<string, Buffer>;
  readonly faults: Map<string, Faults>;
  /** Settles when an answer is first held up. */
  readonly held: Promise<void>;
  /** Breaks all connections. */
  cut(): void;
}

/** Serves files, and those that the folder `from` has, under `/bucket/run`, on a free port of this machine. */
export async function openBucket(
  from: string,
  files: ReadonlyMap<string, Buffer> = new Map(),
): Promise<Bucket> {
  const requests: string[] = [];
  const served = new Map(files);
  for (const name of await readdir(from)) {
    served.set(name, await readFile(join(from, name)));
  }
  const faults = new Map<string, Faults>();
  const counts = new Map<string, number>();
  let tellHeld = (): void => undefined;
  const held = new Promise<void>((resolve) => (tellHeld = resolve));
  /** Whether a fault's turn has come once more. */
  const isDue = (fault: keyof Faults, name: string, times: number | undefined): boolean => {
    if (times === undefined) {
      return false;
    }
    const count = counts.get(`${name} ${fault}`) ?? 0;
    counts.set(`${name} ${fault}`, count + 1);
    return count < times;
  };
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url?.replace('/bucket/run/', '') ?? '');
    requests.push([name, request.headers.range ?? []].flat().join(' '));
    const { status, hold, spoil, login, ...habits } = faults.get(name) ?? {};
    const file = served.get(name);
    if (login !== undefined && request.headers.authorization !== basic(login)) {
      response.writeHead(401).end();
      return;
    }
    if (file === undefined || isDue('status', name, status?.times)) {
      response.writeHead(file === undefined ? 404 : (status?.code ?? 500)).end('no\n');
      return;
    }
    const body = writeHead(request, response, file, habits);
    if (isDue('hold', name, hold?.times)) {
      response.flushHeaders();
      response.write(body.subarray(0, hold?.afterBytes));
      tellHeld();
    } else if (isDue('spoil', name, spoil?.times)) {
      response.end(Buffer.from(body.map((byte, i) => (i === 0 ? byte ^ 1 : byte))));
    } else {
      response.end(body);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/bucket/run`,
    requests,
    files: served,
    faults,
    held,
    cut: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/** @returns the bytes that ought to follow */
function writeHead(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer,
  { isSimple = false, isBare = false, hasNoSum = false, ignoresIfRange = false }: Faults,
): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(file));
  const etag = `"${sum.toString('hex')}"`;
  if (!isBare) {
    response.setHeader('etag', etag);
  }
  if (!isBare && !hasNoSum) {
    response.setHeader('x-goog-hash', `crc32c=${sum.toString('base64')}, md5=not/looked/at==`);
  }
  const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const isWanted = ignoresIfRange || request.headers['if-range'] === etag;
  if (first === undefined || isSimple || !isWanted) {
    response.writeHead(200, { 'content-length': file.length });
    return file;
  }
  const from = Number(first);
  if (from >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` });
    return Buffer.alloc(0);
  }
  response.writeHead(206, {
    'content-length': file.length - from,
    'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
  });
  return file.subarray(from);
}
