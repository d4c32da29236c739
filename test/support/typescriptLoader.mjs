// The hook of `typescript.mjs`: gives TypeScript as JavaScript, and keeps it for the next who asks.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Not in the temporary folder, which some tests look into. */
const CACHE = new URL('../../node_modules/.cache/typescript/', import.meta.url);
/** What the compiler is told; a part of the names of what is kept. */
const OPTIONS = { loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline' };

/** The hook that Node calls for each module. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) {
    return nextLoad(url, context);
  }
  const file = fileURLToPath(url);
  const source = await compiled(file, readFileSync(file, 'utf8'));
  return { format: 'module', source, shortCircuit: true };
}

async function compiled(sourcefile, text) {
  const key = createHash('sha256').update(JSON.stringify([OPTIONS, sourcefile, text]));
  const kept = new URL(`${key.digest('hex')}.js`, CACHE);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { transform } = await import('esbuild'); // loaded only where it is needed
    const { code } = await transform(text, { ...OPTIONS, sourcefile });
    mkdirSync(CACHE, { recursive: true });
    const unfinished = new URL(`${process.pid}-${performance.now()}.tmp`, CACHE); // others write as well
    writeFileSync(unfinished, code);
    renameSync(unfinished, kept);
    return code;
  }
}
