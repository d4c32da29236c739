import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Reads this package's version from its own package.json, wherever it is installed. */
export async function packageVersion(): Promise<string> {
  const path = createRequire(import.meta.url).resolve('pix2seq-stream/package.json');
  const manifest: unknown = JSON.parse(await readFile(path, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0';
}
