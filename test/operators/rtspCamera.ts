/** A small RTSP server on loopback, over TCP and UDP; its pictures come from FFmpeg, as RTP. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { camera, moving } from './cameras.ts';
import type { Camera, CameraOptions } from './cameras.ts';
import { until } from './clips.ts';

const HOST = '127.0.0.1';

/** What an RTSP camera is asked for beside the rest. */
export interface RtspOptions extends CameraOptions {
  /** `user:password` that a caller has to give. Default: none is asked for. */
  readonly login?: string;
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

/** Opens an RTSP camera; every path of it shows the same. Source: RFC 2326, sections 10 and 10.12. */
export async function openRtspCamera(options: RtspOptions = {}): Promise<Camera> {
  const rtp = createSocket('udp4');
  rtp.bind(0, HOST);
  await once(rtp, 'listening');
  const { port } = rtp.address();
  const sender = spawn(
    'ffmpeg',
    [
      ...[...moving(options), '-bsf:v', 'dump_extra', '-f', 'rtp', '-sdp_file', 'pipe:1'],
      `rtp://${HOST}:${port}?rtcpport=${port}&pkt_size=1400`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let sdp = '';
  sender.stdout?.on('data', (chunk) => (sdp += String(chunk)));
  const callers = new Set<Caller>();
  rtp.on('message', (packet) => {
    const isRtcp = ((packet[1] ?? 0) & 0x7f) >= 64 && ((packet[1] ?? 0) & 0x7f) <= 95;
    for (const { socket, ports, isPlaying } of callers) {
      if (isPlaying && ports !== undefined) {
        rtp.send(packet, ports[isRtcp ? 1 : 0], HOST);
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
    onRequests(socket, (request) => answer(request, caller, options.login, sdp, port));
  });
  await until(() => sdp.includes('a=fmtp'));
  const inner = await camera(server, options);
  return {
    port: inner.port,
    get numConnections() {
      return inner.numConnections;
    },
    cut: () => inner.cut(),
    freeze: () => callers.forEach((caller) => (caller.isPlaying = false)),
    async [Symbol.asyncDispose]() {
      sender.kill('SIGKILL');
      await inner[Symbol.asyncDispose]();
      rtp.close();
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
  sdp: string,
  port: number,
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
