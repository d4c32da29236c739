import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
type Run = (...values: readonly unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...args: readonly string[]) => Run;

/**
 * Runs the first TypeScript block under a heading of a document, as it stands there but for its imports: one without types.
 * @param names what it finds in scope in their place
 */
export async function runSnippet(
  file: string,
  heading: string,
  names: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const text = readFileSync(new URL(file, ROOT), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [, code] = /^```ts\n([^]*?)^```/m.exec(section) ?? [];
  if (code === undefined) {
    throw new Error(`${file} has no block under ${heading}`);
  }
  const body = code.replaceAll(/^import .*;\n/gm, '');
  return await new AsyncFunction(...Object.keys(names), body)(...Object.values(names));
}
