/** Makes one test of several patterns. Those without `*` and `?` cost the same, however many there are. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns);
  const globs = patterns.filter((pattern) => /[*?]/.test(pattern));
  return (name) => names.has(name) || globs.some((glob) => matchesGlob(glob, name));
}

/**
 * Tells whether a name fits a pattern in which `*` stands for any characters and `?` for one.
 * Takes time in proportion to both lengths at worst, whatever a client sends; a regular expression would not.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  if (pattern.length - pattern.split('*').length + 1 > name.length) {
    return false; // what stands beside the stars is longer: most of what is costly ends here
  }
  let at = 0; // position in the pattern
  let star = -1; // position of the last star passed
  let resume = 0; // where that star's text would end if it took one character more
  let i = 0;
  while (i < name.length) {
    if (pattern[at] === '*') {
      star = at++;
      resume = i;
    } else if (pattern[at] === '?' || pattern[at] === name[i]) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') {
    at += 1;
  }
  return at === pattern.length;
}

/** Whether some name fits both of two patterns. Takes time in proportion to the product of their lengths. */
export function globsMeet(first: string, second: string): boolean {
  // Whether what was read of the first can meet so many characters of the second; stars may stand for nothing.
  let meets = [true];
  for (let j = 0; j < second.length; j++) {
    meets.push(meets[j] === true && second.charAt(j) === '*');
  }
  for (const a of first.split('')) {
    const before = meets;
    meets = [before[0] === true && a === '*'];
    for (let j = 0; j < second.length; j++) {
      const b = second.charAt(j);
      const isMet =
        a === '*' || b === '*'
          ? before[j + 1] === true || meets[j] === true
          : before[j] === true && (a === b || a === '?' || b === '?');
      meets.push(isMet);
    }
  }
  return meets[second.length] === true;
}
