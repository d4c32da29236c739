/**
 * The one place where tests ask for what a machine with nothing but Node lacks. Tests name it through
 * `test.needs(…)` or their option `needs`; where it is missing they are skipped, saying so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import which from 'which';

/** Limit of asking one interpreter for a library, milliseconds. */
const ASK_MS = 20_000;
/** The software Vulkan driver that Debian's chromium brings. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** Where drivers of cards say that they are there. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** What a test can need; `python` imports numpy, `vulkan` is a driver of a card or Chromium's own, which needs none. */
export type Program =
  'bash' | 'chromium' | 'ffmpeg' | 'mkfifo' | 'openssl' | 'ps' | 'python' | 'vulkan';

interface Need {
  /** Why tests that need it are left out. */
  readonly missing: string;
  /** @returns the path of the program or driver */
  find(): string | undefined;
}

const NEEDS: Readonly<Record<Program, Need>> = {
  bash: onPath('bash'),
  chromium: onPath('chromium', 'chromium-browser', 'google-chrome'),
  ffmpeg: onPath('ffmpeg'),
  mkfifo: onPath('mkfifo'),
  openssl: onPath('openssl'),
  ps: onPath('ps'),
  python: { missing: 'no Python with numpy on the PATH', find: findPython },
  vulkan: { missing: 'no Vulkan driver', find: findVulkan },
};

/** Where a program is on this machine, by the PATH. */
export function findProgram(program: Program): string | undefined {
  return NEEDS[program].find();
}

/** What this machine lacks of some programs, as a reason to skip a test; undefined where it has all. */
export function missingOf(programs: readonly Program[]): string | undefined {
  const missing = programs.find((program) => findProgram(program) === undefined);
  return missing === undefined ? undefined : NEEDS[missing].missing;
}

/** Whether a Python has a library. */
export function hasLibrary(python: string, name: string): boolean {
  const { status } = spawnSync(python, ['-c', `import ${name}`], { timeout: ASK_MS });
  return status === 0;
}

function onPath(...names: readonly [string, ...string[]]): Need {
  const find = (): string | undefined =>
    names.map((name) => which.sync(name, { nothrow: true })).find((path) => path !== null) ??
    undefined;
  return { missing: `no \`${names[0]}\` on the PATH`, find };
}

/** `PIX2SEQ_PYTHON`, or any `python3` of the PATH, that imports numpy. */
function findPython(): string | undefined {
  const named = process.env['PIX2SEQ_PYTHON'];
  const onThePath = which.sync('python3', { all: true, nothrow: true }) ?? [];
  const candidates = named === undefined ? onThePath : [named, ...onThePath];
  return candidates.find((python) => hasLibrary(python, 'numpy'));
}

/** The manifests of the drivers of this machine's cards, as `VK_DRIVER_FILES` takes them. */
function findVulkan(): string | undefined {
  const hasCard = filesIn('/dev/dri').some((path) => basename(path).startsWith('render'));
  const drivers = hasCard ? DRIVER_FOLDERS.flatMap(filesIn) : [];
  if (drivers.length > 0) {
    return drivers.join(':');
  }
  return findProgram('chromium') !== undefined && existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined;
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
