/** All that a terminal takes for a command, but for the line break. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g; // eslint-disable-line no-control-regex

/**
 * Makes a text safe for a terminal: names of files, labels and cameras come from outside.
 * @returns the text with its control characters as `\x1b`; line breaks stay
 */
export function printable(text: string): string {
  return text.replace(
    CONTROL,
    (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
