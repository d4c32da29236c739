/** Reads a video that comes through a pipe, and tells what came: `readStdin.ts DECODER MAX_FRAMES SOURCE`. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import { seen, watch } from '../media/clips.ts';

/** What the program writes, as JSON. */
export interface StdinReport {
  readonly md5s: readonly string[];
  readonly sources: readonly string[];
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  /** Temporary folders of ours at the first frame. */
  readonly numFolders: number;
}

const [, , decoder = 'wasm', maxFrames = '0', source = '-'] = process.argv;
let numFolders = 0;
const { values, error } = await watch(
  fromVideo(source, { decoder: decoder as 'wasm' | 'native', maxFrames: Number(maxFrames) }),
  (frame) => {
    if (frame.index === 0) {
      numFolders = readdirSync(tmpdir()).filter((n) => n.startsWith('pix2seq-stream-')).length;
    }
    return seen(frame);
  },
);
const report: StdinReport = {
  md5s: values.map(({ md5 }) => md5),
  sources: [...new Set(values.map(({ source }) => source))],
  error: error && { code: error.code, message: error.message },
  numFolders,
};
process.stdout.write(JSON.stringify(report));
