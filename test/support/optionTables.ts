/**
 * `npm run docs:check`: the tables of options in the readmes are those that the code goes by, and the doc block of each
 * option names its default. `npm run docs:options` writes the tables anew, between `<!-- options: NAME -->` and
 * `<!-- end of options -->`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { DETECTOR_OPTIONS } from '../../models/core/detectorOptions.ts';
import type { AnyOption, AnyTable } from '../../models/core/options.ts';
import { OUTPUT_SETTINGS, REPORT_SETTINGS } from '../../pipeline/cli/options/detectOptions.ts';
import {
  READING_SETTINGS,
  SERVING_SETTINGS,
  SOURCES_SETTINGS,
  TOP_SETTINGS,
} from '../../pipeline/options/settings.ts';
import { SERVER_OPTIONS } from '../../server/options/serverOptions.ts';
import { sourceFiles } from './sourceFiles.ts';
import type { SourceFile } from './sourceFiles.ts';

const { batch: _, ...DETECTOR } = DETECTOR_OPTIONS;
const { maxSources: __, ...SOURCES } = SOURCES_SETTINGS;

const DETECT: AnyTable = {
  ...{ ...OUTPUT_SETTINGS, ...DETECTOR, ...READING_SETTINGS, ...SOURCES, ...REPORT_SETTINGS },
};
/** Those that the README has room for. */
const MOST_USED = [
  ...['out', 'format', 'save', 'model', 'minScore', 'classes', 'tasks', 'reuse', 'budgetMs'],
];

/** By the name in the readme: its text. */
const TABLES: Readonly<Record<string, () => string>> = {
  detect: () => typedTable(DETECT),
  mostUsed: () => typedTable(Object.fromEntries(MOST_USED.map((name) => [name, DETECT[name]!]))),
  serve: () =>
    markdown(
      ['Option', 'Key in the file', 'Default', 'What it does'],
      [
        ...rowsOf(TOP_SETTINGS),
        ...rowsOf(READING_SETTINGS, 'detect.'),
        ...rowsOf(SERVING_SETTINGS, 'server.'),
      ].map(({ key, row }) => [
        flagOf(row),
        `\`${key}\``,
        key === 'detect.reuse' ? '`tolerant`' : defaultOf(row),
        textOf(row),
      ]),
    ),
  ServerOptions: () => {
    const docs = docsOf('ServerOptions', sourceFiles(['server']));
    return markdown(
      ['Option', 'Default', 'What it does'],
      Object.entries(SERVER_OPTIONS).map(([name, row]) => [
        `\`${name}\``,
        /(?<=Default:? ).*?(?=[.:](?: |$))/.exec(docs.get(name) ?? '')?.[0] ?? defaultOf(row),
        docs.get(name)?.replace(/\s*Default\b.*/, '') ?? '',
      ]),
    );
  },
};
const READMES = [
  'README.md',
  'models/readme.md',
  'operators/readme.md',
  'pipeline/readme.md',
  'server/readme.md',
];
const PLACE = /(?<=<!-- options: (\w+) -->\n)[^]*?(?=<!-- end of options -->)/g;

function typedTable(table: AnyTable): string {
  return markdown(
    ['Option', 'Default', 'What it does'],
    rowsOf(table).map(({ row }) => [flagOf(row), defaultOf(row), textOf(row)]),
  );
}

/** The rows that can be typed, those of groups too. */
function rowsOf(
  table: AnyTable,
  path: string = '',
): { readonly key: string; readonly row: AnyOption }[] {
  return Object.entries(table).flatMap(([name, row]) => [
    { key: path + name, row },
    ...(row.type === 'group' ? rowsOf(row.table, `${path}${name}.`) : []),
  ]);
}

function flagOf({ flag = '', alias }: AnyOption): string {
  const [, dashes] = /^(--(?:no-)?)/.exec(flag) ?? [];
  const before = alias?.replaceAll(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
  return `\`${flag}\`${before === undefined ? '' : `, or \`${dashes}${before}\``}`;
}

function textOf(row: AnyOption): string {
  const { help = '' } = row;
  return row.type === 'choice' ? `${help}: ${row.values.join(', ')}` : help;
}

function defaultOf(row: AnyOption): string {
  const { default: value } = row;
  if (row.defaultText !== undefined) {
    return row.defaultText;
  }
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    return row.type === 'group' ? 'off' : 'not set';
  }
  return typeof value === 'string' || Array.isArray(value)
    ? `\`${String(value)}\``
    : JSON.stringify(value);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('');
}

/** What the doc blocks of an interface say of its optional fields, on one line each. */
function docsOf(name: string, files: readonly SourceFile[]): ReadonlyMap<string, string> {
  const start = new RegExp(`^export interface ${name}\\b[^{]*\\{`, 'm');
  const text = files.map((file) => file.text).find((one) => start.test(one)) ?? '';
  const body = text.slice(text.search(start)).split(/^\}/m)[0] ?? '';
  const fields = body.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\?:/g);
  return new Map(
    [...fields].map(([, block = '', field = '']) => [
      field,
      block.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim(),
    ]),
  );
}

/** Options whose doc block does not name the default of their row, where that is a number, a word, true or false. */
function silentDefaults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(/: OptionTable<(\w+)[^=]*= \{\n([^]*?)^\};/gm)].flatMap(
      ([, name = '', table = '']) => {
        const docs = docsOf(name, files);
        const rows = table.matchAll(
          /^ {2}(\w+): \{([^{}]*?\bdefault: ([\d._]+|'[^']+'|true|false)[^{}]*)\}/gm,
        );
        return [...rows].flatMap(([, field = '', , value = '']) => {
          const doc = docs.get(field)?.replaceAll(/(?<=\d),(?=\d{3})/g, '') ?? '';
          const named = /\bDefault:? (.*)/.exec(doc)?.[1] ?? '';
          const plain = value.replaceAll(/[_']/g, '');
          return doc === '' || named.replaceAll('`', '').startsWith(plain)
            ? []
            : [
                `${path}: the doc block of \`${field}\` of ${name} does not say its default, ${plain}`,
              ];
        });
      },
    ),
  );
}

const isWriting = process.argv.includes('--write');
const problems = silentDefaults(sourceFiles(['models', 'operators', 'pipeline', 'server']));
for (const path of READMES) {
  const text = readFileSync(path, 'utf8');
  const now = text.replaceAll(
    PLACE,
    (_text, name: string) => TABLES[name]?.() ?? `No table ${name}\n`,
  );
  if (isWriting) {
    writeFileSync(path, now);
  } else if (now !== text) {
    problems.push(`${path}: its tables of options are not those of the code; npm run docs:options`);
  }
}
process.stdout.write(problems.map((one) => `${one}\n`).join(''));
process.exitCode = problems.length > 0 ? 1 : 0;
