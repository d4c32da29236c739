import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);
type Run = (...values: readonly unknown[]) => Promise<unknown>;
const AsyncFunction = (async () => {}).constructor as new (...args: readonly string[]) => Run;

/**
 * Runs the first TypeScript block under a heading of a document, as it stands there: one without types or imports.
 * @param names what it finds in scope
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
  return await new AsyncFunction(...Object.keys(names), code)(...Object.values(names));
}
