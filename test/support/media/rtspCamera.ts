/** A small RTSP server on loopback, over TCP and UDP; its pictures come from FFmpeg, as RTP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { spawnGuarded } from '../../../operators/media/native/guardedChild.ts';
import { camera, moving } from './cameras.ts';
import type { Camera, CameraOptions } from './cameras.ts';
import { until } from './clips.ts';

const HOST = '127.0.0.1';

/** What an RTSP camera is asked for beside the rest. */
export interface RtspOptions extends CameraOptions {
  /** `user:password` that a caller has to give. Default: none is asked for. */
  readonly login?: string;
  /** Shows these, which stay the caller's. Default: pictures of its own. */
  readonly pictures?: RtpPictures;
}

/** Pictures as RTP packets, for any number of cameras. */
export interface RtpPictures extends AsyncDisposable {
  /** What a camera tells of them. */
  readonly sdp: string;
  readonly port: number;
  /** Hands on each packet, of RTP and RTCP. @returns ends that */
  listen(listener: (packet: Buffer) => void): () => void;
  /** Sends a packet to a port of this machine. */
  send(packet: Buffer, port: number): void;
}

/** One caller. */
interface Caller {
  readonly socket: Socket;
  /** Where its packets go: two ports for UDP; over the connection itself where absent. */
  ports?: readonly [rtp: number, rtcp: number];
  isPlaying: boolean;
}

interface Request {
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** Has FFmpeg make pictures, once for all. @param args what to make, without the output */
export async function openRtpPictures(args: readonly string[]): Promise<RtpPictures> {
  const rtp = createSocket('udp4');
  rtp.setMaxListeners(0); // one a camera
  rtp.bind(0, HOST);
  await once(rtp, 'listening');
  const { port } = rtp.address();
  const { child: sender, stop } = spawnGuarded('ffmpeg', [
    ...[...args, '-f', 'rtp', '-sdp_file', 'pipe:1'],
    `rtp://${HOST}:${port}?rtcpport=${port}&pkt_size=1400`,
  ]);
  let sdp = '';
  sender.stdout.on('data', (chunk) => (sdp += String(chunk)));
  sender.stderr.resume();
  await until(() => sdp.includes('a=fmtp') || sender.exitCode !== null);
  return {
    sdp,
    port,
    listen(listener) {
      rtp.on('message', listener);
      return () => rtp.off('message', listener);
    },
    send: (packet, to) => rtp.send(packet, to, HOST),
    async [Symbol.asyncDispose]() {
      const closed = once(rtp, 'close');
      stop();
      rtp.close();
      await closed;
    },
  };
}

/** Opens an RTSP camera; every path of it shows the same. Source: RFC 2326, sections 10 and 10.12. */
export async function openRtspCamera(options: RtspOptions = {}): Promise<Camera> {
  const isOwn = options.pictures === undefined;
  const pictures =
    options.pictures ?? (await openRtpPictures([...moving(options), '-bsf:v', 'dump_extra']));
  const callers = new Set<Caller>();
  const unlisten = pictures.listen((packet) => {
    const isRtcp = ((packet[1] ?? 0) & 0x7f) >= 64 && ((packet[1] ?? 0) & 0x7f) <= 95;
    for (const { socket, ports, isPlaying } of callers) {
      if (isPlaying && ports !== undefined) {
        pictures.send(packet, ports[isRtcp ? 1 : 0]);
      } else if (isPlaying) {
        const head = Buffer.from([0x24, isRtcp ? 1 : 0, packet.length >> 8, packet.length & 0xff]);
        socket.write(Buffer.concat([head, packet]));
      }
    }
  });
  const server = createServer((socket) => {
    const caller: Caller = { socket, isPlaying: false };
    callers.add(caller);
    socket.on('error', () => undefined); // the caller has gone
    socket.on('close', () => callers.delete(caller));
    onRequests(socket, (request) => answer(request, caller, options.login, pictures));
  });
  const inner = await camera(server, options);
  return {
    port: inner.port,
    get numConnections() {
      return inner.numConnections;
    },
    cut: () => inner.cut(),
    freeze: () => callers.forEach((caller) => (caller.isPlaying = false)),
    async [Symbol.asyncDispose]() {
      unlisten();
      await inner[Symbol.asyncDispose]();
      if (isOwn) {
        await pictures[Symbol.asyncDispose]();
      }
    },
  };
}

/** Cuts a connection into requests; the packets in between are receiver reports. */
function onRequests(socket: Socket, handle: (request: Request) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest[0] === 0x24) {
        const length = rest.length < 4 ? Infinity : rest.readUInt16BE(2) + 4;
        if (rest.length < length) {
          return;
        }
        rest = rest.subarray(length);
        continue;
      }
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) {
        return;
      }
      const [first = '', ...lines] = rest.subarray(0, end).toString().split('\r\n');
      rest = rest.subarray(end + 4);
      const headers = lines.map((line) => {
        const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
        return [name.toLowerCase(), value] as const;
      });
      handle({ method: first.split(' ')[0] ?? '', headers: new Map(headers) });
    }
  });
}

function answer(
  { method, headers }: Request,
  caller: Caller,
  login: string | undefined,
  { sdp, port }: RtpPictures,
): void {
  const reply = (status: string, extra: readonly string[] = [], body = ''): void => {
    const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
    const head = [`RTSP/1.0 ${status}`, `CSeq: ${headers.get('cseq') ?? 0}`, ...extra, ...length];
    caller.socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
  const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;
  if (wanted !== undefined && headers.get('authorization') !== wanted) {
    reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="camera"']);
    return;
  }
  const transport = headers.get('transport') ?? '';
  const [, rtp, rtcp] = /client_port=(\d+)-(\d+)/.exec(transport) ?? [];
  switch (method) {
    case 'OPTIONS':
      reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN']);
      break;
    case 'DESCRIBE':
      reply('200 OK', ['Content-Type: application/sdp'], description(sdp));
      break;
    case 'SETUP':
      if (rtp !== undefined && rtcp !== undefined) {
        caller.ports = [Number(rtp), Number(rtcp)];
        reply('200 OK', [`Transport: ${transport};server_port=${port}-${port + 1}`, 'Session: 1']);
      } else {
        reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
      }
      break;
    case 'PLAY':
      reply('200 OK', ['Session: 1', 'Range: npt=0.000-']);
      caller.isPlaying = true;
      break;
    default:
      reply('200 OK', ['Session: 1']);
  }
}

/** FFmpeg's description of its RTP, as the server's own. */
function description(sdp: string): string {
  const lines = sdp
    .replace(/^SDP:\s*/m, '')
    .replace(/^m=video \d+/m, 'm=video 0')
    .replace(/^c=.*$/m, `c=IN IP4 ${HOST}`)
    .trim()
    .split(/\r?\n/);
  return [...lines, 'a=control:track1', ''].join('\r\n');
}
