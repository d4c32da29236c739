import { findFiles, kindOfSource, pathOf } from '../../../operators/index.ts';

/**
 * Makes a source of its own of each video in a folder or a glob, behind its pictures, which are one source together.
 * @param sources what was typed
 * @param tell told in a line what of a folder or a glob is left out
 * @returns all sources, in the order in which they are read
 */
export async function expandSources(
  sources: readonly string[],
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const lists: (readonly string[])[] = [];
  for (const source of sources) {
    lists.push(await expand(source, tell));
  }
  return lists.flat();
}

async function expand(source: string, tell: (line: string) => void): Promise<readonly string[]> {
  const path = pathOf(source);
  const kind = await kindOfSource(path);
  if (kind !== 'folder' && kind !== 'glob') {
    return [source];
  }
  const found = await findFiles(path).catch(() => undefined);
  if (found === undefined) {
    return [source]; // opening it says why
  }
  const leftOut = Object.entries(found.leftOut).map(([what, count]) => `${what} (${count})`);
  if (leftOut.length > 0) {
    tell(`\`${source}\`: left out ${leftOut.join(', ')}`);
  }
  return [...(found.pictures.length > 0 ? [source] : []), ...found.videos];
}
