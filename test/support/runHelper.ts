import { spawn } from 'node:child_process';
import { createReadStream, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as assert from './assert.ts';

/** How a helper program is started. */
export interface HelperOptions {
  readonly nodeOptions?: readonly string[];
  /** What it reads, and through what. Default: nothing. */
  readonly stdin?: { readonly path: string; readonly kind: 'pipe' | 'file' };
  /** Its folder of temporary files. */
  readonly tmp?: string;
}

/** Runs one of `programs/` to its end. @throws Error with what it wrote where it fails */
export async function runHelper(
  name: string,
  args: readonly string[],
  { nodeOptions = [], stdin, tmp = tmpdir() }: HelperOptions = {},
): Promise<{ readonly stdout: string }> {
  const loader = new URL('./typescript.mjs', import.meta.url).href;
  const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  const input =
    stdin === undefined ? 'ignore' : stdin.kind === 'pipe' ? 'pipe' : openSync(stdin.path, 'r');
  const child = spawn(process.execPath, [...nodeOptions, '--import', loader, file, ...args], {
    stdio: [input, 'pipe', 'pipe', input === 'pipe' ? 'ignore' : input],
    env: { ...process.env, TMPDIR: tmp },
  });
  if (stdin?.kind === 'pipe' && child.stdin !== null) {
    child.stdin.on('error', () => undefined); // it may leave before the end
    createReadStream(stdin.path).pipe(child.stdin);
  }
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  assert.is(code, 0, stderr);
  return { stdout };
}
