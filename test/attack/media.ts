/** Files that are made to harm whoever reads them. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { DEMO_CLIP } from '../../pipeline/run/openSource.ts';
import { ROOT } from '../support/sourceFiles.ts';

const run = promisify(execFile);
/** Words that FFmpeg's log has, and that something might look for. */
const WORDS = [
  'frame=  7 fps=25 q=-0.0 size=N/A time=00:00:01.00 bitrate=N/A speed=1x',
  '[Parsed_showinfo_0 @ 0x1] n:   7 pts:  7 pts_time:0.28 duration: 1 fmt:rgb24 s:9x9 i:P iskey:1 type:I',
  'Stream #0:0: Video: h264, yuv420p, 99999x99999, 25 fps, 25 tbr',
  'Duration: 99:99:99.99, start: 0.000000, bitrate: 1 kb/s',
  'Error while decoding stream #0:0: Invalid data found when processing input',
  'corrupt decoded frame in stream 0, concealing 9999 DC, 9999 AC, 9999 MV errors',
  'Connection refused; Server returned 404 Not Found; Past duration 0.999 too large',
];

/** A file that attacks, and the arguments of `detect` for it. */
export interface HostileFile {
  readonly name: string;
  readonly args: readonly string[];
  /** What there is to say afterwards; begins with FAILED where harm was done. */
  readonly after?: () => string;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A grey PNG of one bit a pixel. @param data the compressed rows */
function png(width: number, height: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(1, 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A GIF of one pixel, so many times. */
function gif(numFrames: number): Buffer {
  const head = Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.from('01000100800000000000ffffff', 'hex'),
  ]);
  const shown = '21f9040001000000'; // for a hundredth of a second
  const pixel = '2c0000000001000100000202440100';
  const frame = Buffer.from(`${shown}${pixel}`, 'hex');
  return Buffer.concat([head, ...Array<Buffer>(numFrames).fill(frame), Buffer.from(';')]);
}

function svg(): string {
  const rings = Array.from({ length: 8 }, (_, i) => `<feGaussianBlur stdDeviation="${500 + i}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"><filter id="a">${rings.join('')}</filter><rect width="100%" height="100%" filter="url(#a)"/></svg>`;
}

async function titled(folder: string): Promise<string> {
  const meta = join(folder, 'meta.txt');
  const title = WORDS.join(' ')
    .repeat(1_700)
    .slice(0, 1e6)
    .replace(/([=;#\\])/g, '\\$1');
  await writeFile(
    meta,
    `;FFMETADATA1\ntitle=${title}\ncomment=${WORDS.join('\\\n').replace(/=/g, '\\=')}\n`,
  );
  const path = join(folder, 'title.mkv');
  await run('ffmpeg', [
    '-v',
    'error',
    '-i',
    DEMO_CLIP,
    '-i',
    meta,
    '-map',
    '0:v',
    '-map_metadata',
    '1',
    '-c',
    'copy',
    path,
  ]);
  return path;
}

/** A clip with a user's text in front of each key frame, of which one is cut short. */
async function withSei(folder: string): Promise<string> {
  const path = join(folder, 'sei.h264');
  const text = `${WORDS[1]?.replace(/[:=+]/g, ' ')}`.slice(0, 200);
  const filter = `h264_mp4toannexb,h264_metadata=sei_user_data='086f3693b7b34f2c965321492feee5b8+${text}'`;
  await run('ffmpeg', [
    '-v',
    'error',
    '-i',
    DEMO_CLIP,
    '-map',
    '0:v',
    '-c',
    'copy',
    '-bsf:v',
    filter,
    '-f',
    'h264',
    path,
  ]);
  const bytes = await readFile(path);
  const at = bytes.indexOf(Buffer.from('000000010605', 'hex'));
  if (at > 0) {
    bytes.writeUInt8(0xff, at + 6); // it says that it is longer than it is
  }
  await writeFile(path, bytes);
  return path;
}

/** A playlist that has its reader ask addresses that are none of its business. */
async function playlist(folder: string): Promise<Pick<HostileFile, 'args' | 'after'>> {
  let numAsked = 0;
  const inside = createServer((_request, response) => {
    numAsked += 1;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  inside.unref();
  const address = inside.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const entries = Array.from(
    { length: 20 },
    (_, i) => `#EXTINF:2,\nhttp://127.0.0.1:${port}/admin/${i}.ts`,
  );
  const path = join(folder, 'list.m3u8');
  await writeFile(
    path,
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n${entries.join('\n')}\n#EXT-X-ENDLIST\n`,
  );
  const after = (): string => (numAsked > 0 ? `FAILED: asked ${numAsked} addresses` : 'asked none');
  return { args: [path], after };
}

async function absurdModel(folder: string): Promise<string> {
  const path = join(folder, 'model');
  await mkdir(path);
  const nano = join(ROOT, 'models/nano');
  for (const name of ['encoder.onnx', 'decoder.onnx']) {
    await copyFile(join(nano, name), join(path, name));
  }
  const text = await readFile(join(nano, 'model.json'), 'utf8');
  await writeFile(join(path, 'model.json'), text.replace(/: \d+(?=[,\n])/g, ': 999999999'));
  return path;
}

/** Makes them all. @param folder of their own */
export async function makeHostileFiles(folder: string): Promise<readonly HostileFile[]> {
  const write = async (name: string, data: Buffer | string): Promise<string> => {
    await writeFile(join(folder, name), data);
    return join(folder, name);
  };
  const clip = await readFile(DEMO_CLIP);
  const rows = Buffer.alloc(30_000 * (30_000 / 8 + 1));
  const bomb = deflateSync(rows, { level: 9 });
  const files: readonly (readonly [string, readonly string[]])[] = [
    [
      'a title of 1 MB of every word',
      [await titled(folder), '--decoder', 'native', '--max-frames', '20'],
    ],
    [
      'the same, built-in decoder',
      [join(folder, 'title.mkv'), '--decoder', 'wasm', '--max-frames', '20'],
    ],
    ['words in SEI, cut short', [await withSei(folder), '--max-frames', '20']],
    ['half a video', [await write('half.mp4', clip.subarray(0, clip.length / 2))]],
    ['an SVG of 30,000 pixels, called .png', [await write('svg.png', svg())]],
    [
      'a PNG that says it has 2 billion pixels a side',
      [await write('huge.png', png(2 ** 31 - 1, 2 ** 31 - 1, deflateSync(Buffer.alloc(100))))],
    ],
    [
      'a PNG of 30,000 pixels a side in 110 kB',
      [await write('bomb.png', png(30_000, 30_000, bomb))],
    ],
    ['half a PNG', [await write('half.png', png(3_000, 3_000, bomb.subarray(0, 500)))]],
    ['a GIF of 100,000 frames', [await write('long.gif', gif(100_000)), '--max-frames', '50']],
    ['a model with absurd numbers', [DEMO_CLIP, '--model', await absurdModel(folder)]],
  ];
  return [
    ...files.map(([name, args]) => ({ name, args })),
    { name: 'a playlist of internal addresses', ...(await playlist(folder)) },
  ];
}
