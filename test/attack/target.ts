/** Programs that are attacked, and what is measured of them. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { toError } from '../../models/core/errors.ts';
import { descendantsOf, listProcesses } from '../soak/processes.ts';
import { ROOT } from '../support/sourceFiles.ts';
import { PROBE_FILE } from './probe.ts';
import type { Probed } from './probe.ts';

const PROGRAM = join(ROOT, 'dist/pipeline/main.js');
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
const PROBE = new URL('./probe.ts', import.meta.url).href;
/** Between two looks at the memory. */
const LOOK_MS = 150;
/** Longest time that a program may take over ending, ms. */
const END_MS = 15_000;

/** Programs that must not outlive this one. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** What an attack has cost. */
export interface Cost {
  /** Longest time that the event loop was held, ms. */
  readonly holdMs: number;
  /** The same of this process, which does next to nothing: what the machine itself did. */
  readonly noiseMs: number;
  /** Resident memory at the most, of the program and its children, less what it had before, bytes. */
  readonly bytes: number;
}

/** A program that runs. */
export interface Target extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has said so far, both streams together. */
  readonly said: () => string;
  /** Measures something that is done to it. */
  measure(attack: () => Promise<string>): Promise<Cost & { readonly outcome: string }>;
}

/** Looks at the memory of a program and its children until it is told to stop. @returns the most, bytes */
export function watchMemory(pid: number): {
  readonly now: () => Promise<number>;
  readonly stop: () => number;
} {
  let most = 0;
  let isOver = false;
  const now = async (): Promise<number> => {
    const all = await listProcesses();
    const own = all.find((one) => one.pid === pid)?.rssBytes ?? 0;
    return descendantsOf(pid, all).reduce((sum, { rssBytes }) => sum + rssBytes, own);
  };
  const look = (): void => {
    void now().then((bytes) => {
      most = Math.max(most, bytes);
      return isOver ? undefined : setTimeout(look, LOOK_MS);
    });
  };
  look();
  return {
    now,
    stop() {
      isOver = true;
      return most;
    },
  };
}

/** Starts a program with a probe. @param what the file of a TypeScript program, or the program of this package */
export function startProbed(
  args: readonly string[],
  what: { readonly script?: URL; readonly probeFile?: string } = {},
): { readonly child: ChildProcess; readonly said: () => string } {
  const script = what.script === undefined ? PROGRAM : fileURLToPath(what.script);
  const child = spawn(process.execPath, ['--import', LOADER, '--import', PROBE, script, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, [PROBE_FILE]: what.probeFile ?? '' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-1e6)));
  }
  running.add(child);
  child.on('exit', () => running.delete(child));
  return { child, said: () => said };
}

/** Starts a server that is attacked. @param ready what it says when it can be reached */
export async function startTarget(
  args: readonly string[],
  ready: RegExp,
  script?: URL,
): Promise<Target & { readonly match: RegExpExecArray }> {
  const { child, said } = startProbed(args, script && { script });
  while (!ready.test(said())) {
    const more = Promise.race([once(child.stderr!, 'data'), once(child.stdout!, 'data')]);
    await Promise.race([more, once(child, 'exit')]);
    if (child.exitCode !== null) {
      throw new Error(`The program ended before it was ready: ${said().trim()}`);
    }
  }
  const ask = async (request: 'reset' | 'figures'): Promise<Probed> => {
    const answered = once(child, 'message') as Promise<[{ readonly probed: Probed }]>;
    child.send(request);
    const ended = once(child, 'exit').then((): never => {
      throw new Error('the program has ended');
    });
    return (await Promise.race([answered, ended]))[0].probed;
  };
  return {
    child,
    said,
    match: ready.exec(said())!,
    async measure(attack) {
      const memory = watchMemory(child.pid!);
      const before = await memory.now();
      const noise = monitorEventLoopDelay({ resolution: 5 });
      await ask('reset');
      noise.enable();
      const outcome = await attack().catch(
        (thrown: unknown) => `FAILED: ${toError(thrown).message}`,
      );
      const probed = await ask('figures').catch(() => ({ holdMs: Infinity }));
      noise.disable();
      const bytes = Math.max(0, memory.stop() - before);
      const isGone = child.exitCode !== null || child.signalCode !== null;
      return {
        ...{ holdMs: probed.holdMs, noiseMs: noise.max / 1e6, bytes },
        outcome: isGone ? `FAILED: the program has ended, ${outcome}` : outcome,
      };
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
        await once(child, 'exit');
        clearTimeout(timer);
      }
    },
  };
}

/** Runs a program to its end. @param limitMs then it is killed */
export async function runMeasured(
  args: readonly string[],
  probeFile: string,
  limitMs: number,
): Promise<Cost & { readonly outcome: string }> {
  await rm(probeFile, { force: true });
  const { child, said } = startProbed(args, { probeFile });
  const memory = watchMemory(child.pid!);
  const noise = monitorEventLoopDelay({ resolution: 5 });
  noise.enable();
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  noise.disable();
  const bytes = memory.stop();
  const probed = await readFile(probeFile, 'utf8').then(
    (text) => JSON.parse(text) as Probed,
    () => ({ holdMs: Infinity }),
  );
  const lines = said().trim().split('\n');
  const last = lines.findLast((line) => !line.startsWith('{')) ?? '';
  const frames = lines.filter((line) => line.startsWith('{')).length;
  const end =
    signal === 'SIGKILL' ? `FAILED: did not end within ${limitMs / 1_000} s` : `exit ${code}`;
  const outcome = `${end}, ${frames} frames: ${last.replace(/\s+/g, ' ').slice(0, 90)}`;
  return { holdMs: probed.holdMs, noiseMs: noise.max / 1e6, bytes, outcome };
}
