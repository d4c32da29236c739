/** What the operating system's error numbers mean to who named the file; each ends a sentence "Cannot … `path`: ". */
const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission; change its rights, or those of a folder above it',
  EPERM: 'the system does not allow it to this user',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path before its end is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  ENOTEMPTY: 'the folder is not empty',
  EEXIST: 'it is there already',
  ELOOP: 'its symbolic links lead round in a circle',
  ENAMETOOLONG: 'its name is longer than the file system takes',
  EMFILE: 'this process has too many files open; raise its limit (`ulimit -n`)',
  ENFILE: 'this machine has too many files open',
  ENOMEM: 'this machine has no memory left for it',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota of this user is used up',
  EFBIG: 'it is larger than the file system or the limit of this user allows',
  EROFS: 'the file system is read-only',
  EBUSY: 'something else is using it',
  ETXTBSY: 'it is a program that is running',
  EXDEV: 'it cannot be moved to another file system',
  EIO: 'the device failed (I/O error)',
  ENXIO: 'there is no such device, or it is a socket',
  ENODEV: 'there is no such device',
  ESTALE: 'the file server no longer has it',
  ETIMEDOUT: 'the file server does not answer',
  EINVAL: 'the file system does not take it',
  EPIPE: 'who read it has gone',
  ERR_INVALID_ARG_VALUE: 'its name holds a zero byte',
};

/**
 * Says why a file or folder could not be read or written, without naming it again.
 * @param thrown what a function of `node:fs` threw, or anything else
 * @returns the end of a sentence: `the disk is full (ENOSPC)`; for what is not of the file system its message
 */
export function fileProblem(thrown: unknown): string {
  if (!(thrown instanceof Error)) {
    return String(thrown);
  }
  const { code = '' } = thrown as NodeJS.ErrnoException;
  const sentence = SENTENCES[code];
  return sentence === undefined ? thrown.message : `${sentence} (${code})`;
}
