import { posix } from 'node:path';

const FENCED = /^ *(`{3,})[^]*?^ *\1$/gm;
const LINK = /\]\(([^)\s]+)(?: "[^"]*")?\)|<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"/g;
const HEADING = /^#{1,6} +(.+)$/gm;

/**
 * Links and pictures of some Markdown files that lead to no file of the package, or to no heading of it.
 * @param paths of all files of the package
 * @param read gives the text of one of them
 * @returns `FILE: LINK` each
 */
export function deadLinks(paths: readonly string[], read: (path: string) => string): string[] {
  const text = (path: string): string => read(path).replaceAll(FENCED, '');
  return paths
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...text(path).matchAll(LINK)]
        .map(([, markdown, html]) => markdown ?? html ?? '')
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => {
          const [file = '', anchor] = link.split('#');
          const target = file === '' ? path : posix.join(posix.dirname(path), file);
          const isThere = paths.includes(target);
          return !isThere || (anchor !== undefined && !anchorsOf(text(target)).includes(anchor));
        })
        .map((link) => `${path}: ${link}`),
    );
}

/** What GitHub and npm call the headings of a text. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(HEADING)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}
