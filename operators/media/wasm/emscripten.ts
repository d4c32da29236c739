/**
 * What FFmpeg's WebAssembly core needs of this machine, in the terms of Emscripten's file system:
 * a read-only view of a folder, and three devices. Works inside a worker thread, since it blocks.
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Error numbers of Emscripten's C library (WASI order). */
const EINVAL = 28;
const EIO = 29;
const EPERM = 63;
const ESPIPE = 70;
/** Those that come of this machine's files. */
const ERRNOS: Readonly<Record<string, number>> = { EACCES: 2, EFBIG: 22, ENOENT: 44, ENOSPC: 51 };

const READ_ONLY_FILE = 0o100444;
const READ_ONLY_FOLDER = 0o040555;
/** A device number that the core does not use itself. */
const MAJOR = 70;

interface Node {
  readonly id: number;
  readonly mode: number;
  size?: number;
  host?: string;
  node_ops?: object;
  stream_ops?: object;
}

interface Stream {
  readonly node: Node;
  readonly position: number;
  seekable?: boolean;
  hostFd?: number;
}

/** The parts of Emscripten's FS that are used here. */
export interface EmscriptenFs {
  readonly filesystems: Record<string, object>;
  readonly ErrnoError: new (errno: number) => Error;
  createNode(parent: Node | null, name: string, mode: number, device: number): Node;
  isDir(mode: number): boolean;
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: object): void;
  mkdev(path: string, mode: number, device: number): void;
}

/** An instance of the core. */
export interface CoreModule {
  readonly FS: EmscriptenFs;
}

/** A file-system type that shows a folder of this machine, read-only, by positioned reads. */
export function hostFileSystem(fs: EmscriptenFs): object {
  const refuse = (): never => {
    throw new fs.ErrnoError(EPERM);
  };
  const makeNode = (parent: Node | null, name: string, host: string): Node => {
    const stats = guarded(fs, () => statSync(host));
    const node = fs.createNode(
      parent,
      name,
      stats.isDirectory() ? READ_ONLY_FOLDER : READ_ONLY_FILE,
      0,
    );
    return Object.assign(node, { host, node_ops: nodeOps, stream_ops: streamOps });
  };
  const hostOf = (node: Node): string => node.host ?? '';
  const nodeOps = {
    getattr: (node: Node) =>
      guarded(fs, () => {
        const { size, atime, mtime, ctime } = statSync(hostOf(node));
        const fixed = { dev: 1, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 65536 };
        const blocks = Math.ceil(size / 512);
        return { ...fixed, ino: node.id, mode: node.mode, size, atime, mtime, ctime, blocks };
      }),
    setattr: () => undefined,
    lookup: (parent: Node, name: string) => makeNode(parent, name, join(hostOf(parent), name)),
    readdir: (node: Node) => ['.', '..', ...guarded(fs, () => readdirSync(hostOf(node)))],
    mknod: refuse,
    unlink: refuse,
    rmdir: refuse,
    rename: refuse,
    symlink: refuse,
  };
  const streamOps = {
    open(stream: Stream) {
      if (!fs.isDir(stream.node.mode)) {
        stream.hostFd = guarded(fs, () => openSync(hostOf(stream.node), 'r'));
      }
    },
    close(stream: Stream) {
      if (stream.hostFd !== undefined) {
        closeSync(stream.hostFd);
      }
    },
    read: (stream: Stream, heap: Uint8Array, offset: number, length: number, position: number) =>
      length === 0
        ? 0
        : guarded(fs, () => readSync(stream.hostFd ?? -1, heap, offset, length, position)),
    write: refuse,
    llseek: (stream: Stream, offset: number, whence: number) => seek(fs, stream, offset, whence),
  };
  return {
    mount: ({ opts }: { opts: { root: string } }) => makeNode(null, '/', opts.root),
  };
}

/**
 * Makes a device that FFmpeg writes to.
 * @param take gets each write as a view of the core's memory, and may block
 */
export function writingDevice(
  fs: EmscriptenFs,
  path: string,
  take: (bytes: Uint8Array) => void,
): void {
  addDevice(fs, path, 0, {
    write(_: Stream, heap: Int8Array, offset: number, length: number) {
      take(new Uint8Array(heap.buffer, heap.byteOffset + offset, length));
      return length;
    },
  });
}

/**
 * Makes a device from which FFmpeg reads.
 * @param readOn fills the bytes it is given and may block; returns how many, 0 at the end
 */
export function readingDevice(
  fs: EmscriptenFs,
  path: string,
  readOn: (into: Uint8Array) => number,
): void {
  addDevice(fs, path, 1, {
    read: (_: Stream, heap: Int8Array, offset: number, length: number) =>
      readOn(new Uint8Array(heap.buffer, heap.byteOffset + offset, length)),
  });
}

/**
 * Makes a device that stands for one file of this machine: written, read again, sought in. What it held is gone.
 * @throws Error where it can't be written
 */
export function fileDevice(fs: EmscriptenFs, path: string, host: string): void {
  closeSync(openSync(host, 'w')); // here, since a device that is opened is not asked to empty itself
  const fdOf = ({ hostFd = -1 }: Stream): number => hostFd;
  addDevice(fs, path, 2, {
    open(stream: Stream) {
      stream.hostFd = guarded(fs, () => openSync(host, 'r+'));
    },
    close: (stream: Stream) => closeSync(fdOf(stream)),
    read: (stream: Stream, heap: Uint8Array, offset: number, length: number, position: number) =>
      guarded(fs, () => readSync(fdOf(stream), heap, offset, length, position)),
    write: (stream: Stream, heap: Uint8Array, offset: number, length: number, position: number) =>
      guarded(fs, () => writeSync(fdOf(stream), heap, offset, length, position)),
    llseek: (stream: Stream, offset: number, whence: number) => seek(fs, stream, offset, whence),
  });
}

/** Runs something that may fail on this machine, and fails as Emscripten does. */
function guarded<T>(fs: EmscriptenFs, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const { code = '' } = thrown as NodeJS.ErrnoException;
    throw new fs.ErrnoError(ERRNOS[code] ?? EIO);
  }
}

/** @returns the new position in a stream's file, bytes */
function seek(fs: EmscriptenFs, stream: Stream, offset: number, whence: number): number {
  const size = guarded(fs, () => fstatSync(stream.hostFd ?? -1).size);
  const target = offset + (whence === 1 ? stream.position : whence === 2 ? size : 0);
  if (target < 0) {
    throw new fs.ErrnoError(EINVAL);
  }
  return target;
}

function addDevice(fs: EmscriptenFs, path: string, minor: number, operations: object): void {
  const fail = (errno: number) => (): never => {
    throw new fs.ErrnoError(errno);
  };
  const device = fs.makedev(MAJOR, minor);
  fs.registerDevice(device, {
    open(stream: Stream) {
      stream.seekable = false;
    },
    close: () => undefined,
    llseek: fail(ESPIPE),
    read: fail(EINVAL),
    write: fail(EINVAL),
    ...operations,
  });
  fs.mkdev(path, 0o666, device);
}
