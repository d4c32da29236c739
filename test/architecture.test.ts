import { dirname, posix } from 'node:path';
import * as assert from './support/assert.ts';
import { sourceFiles } from './support/sourceFiles.ts';
import { suite } from './support/suite.ts';

const FOLDERS = ['models', 'operators', 'pipeline', 'server'] as const;
type Folder = (typeof FOLDERS)[number];

/** Which folders a folder may import from; all through the door, see `DOORS`. */
const MAY_IMPORT: Readonly<Record<Folder, readonly Folder[]>> = {
  models: [],
  operators: ['models'],
  server: ['models'],
  pipeline: ['models', 'operators', 'server'],
};
/** Files of a folder that others may name: the door, and what costs nothing to load. */
const DOORS =
  /^(index|types|errors|validate|address|secrets|fileProblem|sourceName|import\/index)\.ts$/;
/** Each foreign library has its door files; the others do not know of it. */
const LIBRARY_DOORS: readonly (readonly [RegExp, readonly RegExp[]])[] = [
  [/^onnxruntime-/, [/^models\/session\.ts$/]],
  [/^node:worker_threads$/, [/^models\/worker\//, /^operators\/video\/wasm/]],
  [/^@ffmpeg\//, [/^operators\/video\/wasm/]],
  [/^which$/, [/^operators\/video\/nativeDecoder\.ts$/]],
  [
    /^sharp$/,
    [
      /^operators\/images\/(inspectPicture|readPicture|fitPicture|attentionPicture|detectionPicture)\.ts$/,
      /^pipeline\/(pictures|eval\/pan)\.ts$/,
    ],
  ],
  [/^ws$/, [/^server\/(socketDoor|connection|outbox)\.ts$/]],
  [/^@msgpack\//, [/^server\/codec\.ts$/]],
  [/^prom-client$/, [/^server\/metrics\.ts$/]],
  [/^cors$/, [/^server\/http\.ts$/]],
  [/^pino$/, [/^pipeline\/log\.ts$/]],
  [/^@bufbuild\//, [/^models\/import\//]],
  [/^onnx-buf$/, [/^models\/import\/onnx\/encodeModel\.ts$/]],
  [/^@petamoriken\/float16$/, [/^models\/import\/onnx\/toBytes\.ts$/]],
  [/^@node-rs\/crc32$/, [/^models\/import\/checkpoint\/crc32c\.ts$/]],
  [/^commander$/, [/^pipeline\/(cli|options|importOptions|serveOptions)\.ts$/]],
  [/^cli-progress$/, [/^pipeline\/progress\.ts$/]],
  [/^yaml$/, [/^pipeline\/parseConfig\.ts$/]],
  [/^rxjs/, [/^(operators|pipeline|server)\//]],
  [/^uvu/, [/^test\/support\//]],
];
const MAX_SOURCE_LINES = 250;
const MAX_TEST_LINES = 400;

interface Import {
  readonly from: string;
  readonly target: string;
}

function importsOf(folders: readonly string[]): Import[] {
  return sourceFiles(folders)
    .filter(({ path }) => !path.startsWith('server/viewer/'))
    .flatMap(({ path, text }) =>
      [
        ...text.matchAll(
          /^(?:import|export)\b[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
        ),
      ].map((found) => ({ from: path, target: found[1] ?? found[2] ?? found[3] ?? '' })),
    );
}

function ownTarget({ from, target }: Import): string | undefined {
  return target.startsWith('.') ? posix.join(dirname(from), target) : undefined;
}

suite('architecture', (test) => {
  test('reads imports at all', () => {
    assert.ok(importsOf(FOLDERS).length > 200);
  });

  test('keeps to the direction of dependency, through the doors', () => {
    const wrong = importsOf(FOLDERS).filter((found) => {
      const target = ownTarget(found);
      const [fromFolder] = found.from.split('/') as [Folder];
      const [toFolder, ...rest] = target?.split('/') ?? [];
      const isForeign = toFolder !== undefined && toFolder !== fromFolder;
      return (
        isForeign &&
        !(MAY_IMPORT[fromFolder].includes(toFolder as Folder) && DOORS.test(rest.join('/')))
      );
    });
    assert.equal(wrong, []);
  });

  test('keeps each foreign library behind its door files', () => {
    const wrong = importsOf([...FOLDERS, 'test']).filter(({ from, target }) =>
      LIBRARY_DOORS.some(
        ([library, doors]) =>
          library.test(target) &&
          !doors.some((door) => door.test(from)) &&
          !(from.startsWith('test/') && !library.test('uvu')),
      ),
    );
    assert.equal(wrong, []);
  });

  test('explains itself without loading what does the work', () => {
    const texts = new Map(sourceFiles(FOLDERS).map(({ path, text }) => [path, text]));
    const libraries = new Set<string>();
    const look = (from: string): void => {
      const text = texts.get(from) ?? '';
      texts.delete(from); // once is enough
      for (const [, target = ''] of text.matchAll(
        /^(?:im|ex)port (?!type )[^;]*?from '([^']+)'/gm,
      )) {
        const own = ownTarget({ from, target });
        if (own === undefined) {
          libraries.add(target);
        } else {
          look(own);
        }
      }
    };
    look('pipeline/cli.ts');

    assert.equal(
      [...libraries].filter((name) => !name.startsWith('node:')),
      ['commander'],
    );
  });

  test('keeps doors free of code', () => {
    const doors = sourceFiles(FOLDERS).filter(({ path }) => path.endsWith('/index.ts'));
    const wrong = doors.filter(({ text }) =>
      text
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .split(/;\s*/)
        .some((statement) => statement.trim() !== '' && !statement.trim().startsWith('export')),
    );
    assert.ok(doors.length >= 5);
    assert.equal(
      wrong.map(({ path }) => path),
      [],
    );
  });

  test('keeps files short enough to be read', () => {
    const lengths = sourceFiles([...FOLDERS, 'test']).map(({ path, text }) => ({
      path,
      lines: text.trimEnd().split('\n').length,
    }));
    const long = lengths.filter(
      ({ path, lines }) => lines > (path.startsWith('test/') ? MAX_TEST_LINES : MAX_SOURCE_LINES),
    );
    assert.equal(long, []);
  });
});
