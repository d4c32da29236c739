/** What the system tells of processes; needs `ps`. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';

/** One process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly rssBytes: number;
  /** Program and arguments. */
  readonly command: string;
}

const run = promisify(execFile);

/** All processes but those that have ended and are only listed still. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,rss=,args='], {
    maxBuffer: 16_777_216,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state, kilobytes, command] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined || state?.startsWith('Z') === true
      ? []
      : [
          {
            pid: Number(pid),
            parent: Number(parent),
            rssBytes: Number(kilobytes) * 1_024,
            command,
          },
        ];
  });
}

/** Children, their children, and so on. */
export function descendantsOf(pid: number, all: readonly ProcessInfo[]): ProcessInfo[] {
  return all
    .filter(({ parent }) => parent === pid)
    .flatMap((child) => [child, ...descendantsOf(child.pid, all)]);
}

/** Whether a process is FFmpeg itself, and not the guard that waits beside it. */
export function isDecoder({ command }: Pick<ProcessInfo, 'command'>): boolean {
  return /^\S*ffmpeg\s/.test(command);
}

/** Whether a process is a Node program; the compiler that the tests' loader may start is none. */
export function isNode({ command }: Pick<ProcessInfo, 'command'>): boolean {
  return command.startsWith(`${process.execPath} `);
}

/** Open files of a process; undefined where the system does not say. */
export function numOpenFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined; // no such folder, or the process has just ended
  }
}

/** Ends a process at once. @returns whether it was there */
export function killNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it has just ended
  }
}
