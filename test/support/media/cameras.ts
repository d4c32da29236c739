/** Cameras on loopback, for tests: FFmpeg makes the pictures, Node serves them. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { basename, join } from 'node:path';
import type { Writable } from 'node:stream';

/** Pictures a second of every camera here. */
export const RATE = 10;

/** What a camera shows and where it listens. */
export interface CameraOptions {
  /** Default any free port; a camera that comes back takes the one it had. */
  readonly port?: number;
  /** `WIDTHxHEIGHT`. Default `160x120`. */
  readonly size?: string;
  /** FFmpeg's format. Default `mpegts`. */
  readonly format?: 'mpegts' | 'mpjpeg';
  /** FFmpeg's encoder. Default `libx264`, and `mjpeg` for `mpjpeg`. */
  readonly codec?: string;
}

/** A camera that runs. */
export interface Camera extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly numConnections: number;
  /** Closes every connection; the camera goes on listening. */
  cut(): void;
  /** Keeps every connection open and sends nothing more. */
  freeze(): void;
}

/** FFmpeg's arguments for a moving picture, encoded as cameras do: no B-frames, a whole picture a second. */
export function moving({ size = '160x120', codec = 'libx264' }: CameraOptions): string[] {
  const tuned = codec === 'libx264' ? ['-preset', 'ultrafast', '-tune', 'zerolatency'] : [];
  return [
    ...['-hide_banner', '-v', 'error', '-nostdin', '-re'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${RATE}`, '-pix_fmt', 'yuvj420p'],
    ...['-c:v', codec, ...tuned, '-g', String(RATE), '-threads', '1'],
  ];
}

/** A camera over plain TCP; each connection gets its own pictures from the first. */
export async function openTcpCamera(options: CameraOptions = {}): Promise<Camera> {
  return openCamera(options, (serve) => createServer((socket) => serve(socket)));
}

/** A camera over HTTP: a response without an end. */
export async function openHttpCamera(options: CameraOptions = {}): Promise<Camera> {
  const kind =
    options.format === 'mpjpeg' ? 'multipart/x-mixed-replace;boundary=ffmpeg' : 'video/mp2t';
  return openCamera(options, (serve) =>
    createHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': kind });
      serve(response);
    }),
  );
}

/** A camera that sends what is no video. */
export async function openGarbageCamera(options: CameraOptions = {}): Promise<Camera> {
  const noise = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7_919 + (i >> 3)) % 256));
  return camera(
    createServer((socket) => socket.on('error', () => undefined).end(noise)),
    options,
  );
}

/** A camera that sends a file to each caller, as fast as it goes, and hangs up. */
export async function openFileCamera(file: string, options: CameraOptions = {}): Promise<Camera> {
  const serve = (socket: Writable): void => {
    socket.on('error', () => undefined); // the far end has gone
    createReadStream(file).pipe(socket);
  };
  return camera(createServer(serve), options);
}

async function openCamera(
  options: CameraOptions,
  create: (serve: (to: Writable) => void) => Server,
): Promise<Camera> {
  const { format = 'mpegts' } = options;
  const codec = options.codec ?? (format === 'mpjpeg' ? 'mjpeg' : 'libx264');
  const senders = new Set<ChildProcess>();
  const serve = (to: Writable): void => {
    const sender = spawn(
      'ffmpeg',
      [...moving({ ...options, codec }), '-flush_packets', '1', '-f', format, 'pipe:1'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    senders.add(sender);
    sender.stdout?.pipe(to, { end: false });
    to.on('error', () => undefined); // the far end has gone
    to.on('close', () => {
      sender.kill('SIGKILL');
      senders.delete(sender);
    });
  };
  return camera(create(serve), options, () => senders);
}

/** Listens, and gives the handles of a server. @param senders the children that make the pictures */
export async function camera(
  server: Server,
  { port = 0 }: CameraOptions,
  senders: () => Iterable<ChildProcess> = () => [],
): Promise<Camera> {
  const sockets = new Set<Writable>();
  let numConnections = 0;
  server.on('connection', (socket) => {
    numConnections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    get numConnections() {
      return numConnections;
    },
    cut,
    freeze: () => [...senders()].forEach((sender) => sender.kill('SIGSTOP')),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      [...senders()].forEach((sender) => sender.kill('SIGKILL'));
      await closed;
    },
  };
}

/** A web server for the files of one folder. */
export async function openFolder(folder: string): Promise<Camera> {
  const server = createHttpServer((request, response) => {
    const file = join(folder, basename(request.url ?? '').replace(/\?.*$/, ''));
    response.statusCode = existsSync(file) ? 200 : 404;
    if (response.statusCode === 200) {
      createReadStream(file).pipe(response);
    } else {
      response.end();
    }
  });
  return camera(server, {});
}

/**
 * Writes HLS into a folder, with segments of a second: live without an end, or a recording.
 * @param seconds length of the recording; live where it is absent
 */
export function writeHls(folder: string, seconds?: number): ChildProcess {
  const length = seconds === undefined ? [] : ['-t', String(seconds)];
  const kind =
    seconds === undefined ? ['-hls_flags', 'delete_segments'] : ['-hls_playlist_type', 'vod'];
  const [hide = '', ...rest] = moving({});
  const args = seconds === undefined ? rest : rest.filter((arg) => arg !== '-re');
  return spawn(
    'ffmpeg',
    [hide, ...args, ...length, '-f', 'hls', '-hls_time', '1', ...kind, join(folder, 'live.m3u8')],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  );
}
