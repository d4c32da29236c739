/**
 * Tells whether a name fits a pattern in which `*` stands for any characters and `?` for one.
 * Takes time in proportion to both lengths at worst, whatever a client sends; a regular expression would not.
 */
export function matchesGlob(pattern: string, name: string): boolean {
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
