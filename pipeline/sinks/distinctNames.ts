import { resolve, sep } from 'node:path';
import { maskAddress } from '../../models/core/secrets.ts';
import { sourceName } from '../../models/core/sourceName.ts';

/**
 * Names sources so that no two have the same name: by their file's or folder's name, with as many of the folders
 * above as it takes, and with a number where even that does not tell them apart.
 * @param sources paths and addresses
 * @returns a name for each, without secrets; see `sourceName`
 */
export function distinctNames(sources: readonly string[]): readonly string[] {
  const names = sources.map(sourceName);
  const parts = sources.map(partsOf);
  for (let depth = 2; ; depth++) {
    const twice = indicesOfEqual(names);
    const longer = twice.filter((index) => (parts[index]?.length ?? 0) >= depth);
    if (longer.length === 0) {
      break;
    }
    for (const index of longer) {
      names[index] = parts[index]?.slice(-depth).join('/') ?? '';
    }
  }
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let number = 2; taken.has(own); number++) {
      own = `${name} (${number})`;
    }
    taken.add(own);
    return own;
  });
}

/** What a name can be made of, the most telling last. */
function partsOf(source: string): readonly string[] {
  const [, address] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:\*\*\*@)?([^?#;]*)/i.exec(maskAddress(source)) ?? [];
  if (source === '-') {
    return [];
  }
  return (address ?? resolve(source)).split(address === undefined ? sep : '/').filter(Boolean);
}

function indicesOfEqual(names: readonly string[]): readonly number[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...names.keys()].filter((index) => (counts.get(names[index] ?? '') ?? 0) > 1);
}
