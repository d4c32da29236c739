/** The door to the `ffmpeg` program: runs it as a child and cuts its output into pictures. */
import { execFileSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import which from 'which';
import { PipelineError } from '../../models/errors.ts';
import type { DecoderEvents, DecoderRequest, RunningDecoder } from './decoder.ts';
import { SlotWriter } from './frameSlots.ts';
import { spawnGuarded } from './guardedChild.ts';
import { ffmpegInput } from './sources.ts';

/** Where the program is on this machine, or nothing. */
export function findFfmpeg(): string | undefined {
  return which.sync('ffmpeg', { nothrow: true }) ?? undefined;
}

/** The `ffmpeg` program of this machine. */
export interface FfmpegProgram {
  readonly path: string;
  /** Major and minor; a build without a number counts as new. */
  readonly version: readonly [number, number];
}

/**
 * Looks for the program and asks it for its version.
 * @param wayOut what else the user may do, as the end of a sentence
 * @throws PipelineError ERR_VIDEO_OPEN where there is none
 */
export function openFfmpeg(
  wayOut = 'install FFmpeg, or use the built-in decoder (wasm)',
): FfmpegProgram {
  const path = findFfmpeg();
  if (path === undefined) {
    const fact = `There is no \`ffmpeg\` program on the PATH; ${wayOut}`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact);
  }
  const said = execFileSync(path, ['-version'], { encoding: 'utf8' });
  const [, major = '99', minor = '0'] = /^ffmpeg version n?(\d+)\.(\d+)/.exec(said) ?? [];
  return { path, version: [Number(major), Number(minor)] };
}

/** The writer of raw pictures would hold one back for each thread more, a whole frame interval of a live source. */
const WRITE_AT_ONCE = ['-threads', '1'];

/**
 * Starts the `ffmpeg` program.
 * Back-pressure: its output is not read while no slot is free, and the pipe stops it.
 * @param program default: that of the PATH; a source that starts it often keeps it
 */
export function startNative(
  request: DecoderRequest,
  events: DecoderEvents,
  program: FfmpegProgram = openFfmpeg(),
): RunningDecoder {
  const { input } = request;
  const args = [
    ...['-hide_banner', '-nostdin', '-nostats', '-v', 'repeat+level+info'],
    ...request.inputOptions,
    ...['-i', typeof input === 'string' ? inputName(request, input) : 'pipe:0'],
    ...request.outputOptions,
    ...[...passThrough(program), ...WRITE_AT_ONCE, 'pipe:1'],
  ];
  const { child, stop: kill } = spawnGuarded(program.path, args);
  let stopped = false;
  feed(child.stdin, input);
  const reader = new PictureReader(child.stdout, request, events);
  createInterface({ input: child.stderr }).on('line', (line) => !stopped && events.onLine(line));
  child.on('error', (error) => !stopped && events.onEnd(1, error));
  child.on('close', (code) => reader.end(() => !stopped && events.onEnd(code ?? 1)));
  return {
    stop() {
      stopped = true;
      reader.stop();
      kill();
    },
  };
}

/** Hands a stream on; a child that ends early is no error here. */
function feed(stdin: Writable, input: DecoderRequest['input']): void {
  stdin.on('error', () => undefined); // EPIPE: FFmpeg has seen enough, and says why on its own channel
  if (typeof input === 'string') {
    stdin.end();
    return;
  }
  input.pipe(stdin);
}

/** A live source names its input in the words of its own format: `0:none`, `desktop`. */
function inputName({ live }: DecoderRequest, input: string): string {
  return live === true ? input : ffmpegInput(input);
}

/** Frames as they are, none doubled or dropped; before FFmpeg 5.1 the option had another name. */
export function passThrough({ version: [major, minor] }: FfmpegProgram): string[] {
  const isOld = major < 5 || (major === 5 && minor < 1);
  return isOld ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough'];
}

/** Copies a child's output into slots, and pauses it while none is free. */
class PictureReader {
  readonly #stdout: Readable;
  readonly #writer: SlotWriter;
  readonly #onPicture: (slot: number) => void;
  /** What was read and found no slot yet. */
  #rest: Uint8Array = new Uint8Array();
  /** While pictures are being handed out: a frame that is closed at once must not start it again. */
  #draining = false;
  #stopped = false;
  /** Told once nothing is left to copy; set when the output has ended. */
  #onDrained: (() => void) | undefined;

  constructor(stdout: Readable, { slots }: DecoderRequest, { onPicture }: DecoderEvents) {
    this.#stdout = stdout;
    this.#writer = new SlotWriter(slots.shared);
    this.#onPicture = onPicture;
    slots.onRelease = () => this.#resume();
    stdout.on('data', (chunk: Buffer) => {
      if (this.#stopped) {
        return; // its slots may belong to the next run already
      }
      // while paused, too: Node lets a child's last output flow once the child has ended
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      this.#drain();
      if (this.#rest.length > 0) {
        stdout.pause();
      }
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The output has ended. @param then called once all of it is handed out */
  end(then: () => void): void {
    if (this.#rest.length === 0) {
      then();
    } else {
      this.#onDrained = then;
    }
  }

  #drain(): void {
    this.#draining = true;
    const taken = this.#writer.write(this.#rest, (slot) => {
      if (!this.#stopped) {
        this.#onPicture(slot);
      }
    });
    this.#rest = this.#rest.subarray(taken);
    this.#draining = false;
  }

  #resume(): void {
    if (!this.#stopped && !this.#draining && this.#rest.length > 0) {
      this.#drain();
      if (this.#rest.length === 0) {
        this.#stdout.resume();
        this.#onDrained?.();
      }
    }
  }
}
