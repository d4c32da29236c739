import { dirname, posix } from 'node:path';
import * as assert from './support/assert.ts';
import { sourceFiles } from './support/sourceFiles.ts';
import { suite } from './support/suite.ts';

const FLOORS = ['models', 'operators', 'pipeline', 'server'] as const;
type Floor = (typeof FLOORS)[number];

/** Which floors a floor may use; through the doors, see `DOORS`. */
const MAY_USE: Readonly<Record<Floor, readonly Floor[]>> = {
  models: [],
  operators: ['models'],
  server: ['models'],
  pipeline: ['models', 'operators', 'server'],
};
/** What other floors may name: the doors, and what costs nothing to load, the ground floor and the tables of options. */
const DOORS =
  /^(index\.ts|import\/index\.ts|core\/\w+\.ts|options\.ts|options\/serverOptions\.ts)$/;

/**
 * The rooms of each floor, and which of the same floor a room may use beside itself. `models/core` is open to all.
 * A floor's root holds its doors and what puts the rooms together; it may use all of them.
 */
const ROOMS: Readonly<Record<Floor, Readonly<Record<string, string>>>> = {
  models: {
    core: '',
    format: '',
    engine: '',
    'engine/encode': 'engine',
    'engine/decode': 'engine',
    'engine/respond': 'engine engine/decode format',
    detector: 'engine engine/encode engine/decode engine/respond format',
    'detector/worker': 'detector engine/encode engine/decode engine/respond',
    'import/onnx': '',
    'import/config': '',
    'import/checkpoint': '',
    'import/labels': 'import/config',
    'import/text': 'import/config import/checkpoint import/onnx',
    'import/graphs': 'import/config import/checkpoint import/onnx',
    'import/download': 'import/checkpoint import/text',
    import:
      'import/config import/checkpoint import/labels import/text import/graphs import/onnx import/download',
  },
  operators: {
    'media/input': '',
    'media/frames': '',
    'media/ffmpeg': 'media/frames',
    'media/nut': 'media/frames media/ffmpeg',
    'media/native': 'media/input media/ffmpeg media/nut',
    'media/wasm': 'media/input media/frames media/ffmpeg media/nut',
    'media/video': 'media/input media/frames media/ffmpeg media/nut media/native media/wasm',
    'media/pictures': 'media/input media/frames',
    'sources/live': 'media/input media/frames media/ffmpeg media/nut media/native media/video',
    sources: 'media/input media/pictures media/video sources/live',
    draw: 'media/frames',
    flow: '',
    'detect/tasks': 'media/pictures',
    detect: 'flow detect/tasks',
    'detect/attention': 'flow draw detect',
    track: 'flow',
  },
  server: {
    protocol: '',
    client: 'protocol',
    viewer: 'protocol',
    filters: 'protocol',
    access: 'filters',
    hub: 'protocol filters',
    options: 'access filters hub',
    clients: 'protocol filters access hub options',
    http: 'protocol access hub',
  },
  pipeline: {
    options: '',
    sinks: '',
    run: 'options sinks',
    config: 'options run',
    'cli/output': 'options',
    'cli/options': 'options config sinks',
    'cli/detect': 'options cli/options cli/output run sinks',
    'cli/serve': 'cli/options cli/output config run',
    'cli/import': 'cli/options cli/output sinks',
    'cli/eval': 'cli/options cli/output run sinks',
    'cli/bench': 'cli/options cli/output run sinks',
    cli: 'cli/options cli/output cli/detect cli/serve cli/import cli/eval cli/bench config',
  },
};
/** Each foreign library has its door files; the others do not know of it. */
const LIBRARY_DOORS: readonly (readonly [RegExp, readonly RegExp[]])[] = [
  [/^onnxruntime-/, [/^models\/engine\/session\.ts$/]],
  [/^node:worker_threads$/, [/^models\/detector\/worker\//, /^operators\/media\/wasm\//]],
  [/^@ffmpeg\//, [/^operators\/media\/wasm\//]],
  [/^which$/, [/^operators\/media\/native\/nativeDecoder\.ts$/]],
  [
    /^sharp$/,
    [
      /^operators\/media\/pictures\/(inspectPicture|readPicture|fitPicture)\.ts$/,
      /^operators\/draw\/(attentionPicture|drawDetections)\.ts$/,
      /^pipeline\/(sinks\/pictures|cli\/eval\/pan)\.ts$/,
    ],
  ],
  [/^ws$/, [/^server\/clients\/(webSocketServer|connection|outbox)\.ts$/]],
  [/^@msgpack\//, [/^server\/protocol\/codec\.ts$/]],
  [/^prom-client$/, [/^server\/http\/metrics\.ts$/]],
  [/^cors$/, [/^server\/http\/http\.ts$/]],
  [/^pino$/, [/^pipeline\/cli\/output\/log\.ts$/]],
  [/^@bufbuild\//, [/^models\/import\//]],
  [/^onnx-buf$/, [/^models\/import\/onnx\/encodeModel\.ts$/]],
  [/^@petamoriken\/float16$/, [/^models\/import\/onnx\/toBytes\.ts$/]],
  [/^@node-rs\/crc32$/, [/^models\/import\/checkpoint\/crc32c\.ts$/]],
  [/^commander$/, [/^pipeline\/cli\/(cli|options\/\w+)\.ts$/]],
  [/^cli-progress$/, [/^pipeline\/cli\/output\/progress\.ts$/]],
  [/^yaml$/, [/^pipeline\/config\/parseConfig\.ts$/]],
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
  return sourceFiles(folders).flatMap(({ path, text }) =>
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

/** The floor and the room of a file; the room is empty at the floor's root. */
function roomOf(path: string): [Floor, string] {
  const [floor = '', ...rooms] = dirname(path).split('/');
  return [floor as Floor, rooms.join('/')];
}

suite('architecture', (test) => {
  test('reads imports at all', () => {
    assert.ok(importsOf(FLOORS).length > 200);
  });

  test('keeps to the direction of dependency, through the doors', () => {
    const wrong = importsOf(FLOORS).filter((found) => {
      const target = ownTarget(found);
      const [fromFloor] = found.from.split('/') as [Floor];
      const [toFloor, ...rest] = target?.split('/') ?? [];
      const isForeign = toFloor !== undefined && toFloor !== fromFloor;
      return (
        isForeign && !(MAY_USE[fromFloor].includes(toFloor as Floor) && DOORS.test(rest.join('/')))
      );
    });
    assert.equal(wrong, []);
  });

  test('keeps to the rooms of each floor', () => {
    const wrong = importsOf(FLOORS).flatMap(({ from, target }) => {
      const to = ownTarget({ from, target });
      const [floor, room] = roomOf(from);
      const [toFloor, toRoom] = to === undefined ? [] : roomOf(to);
      const mayUse = ROOMS[floor][room]?.split(' ') ?? [];
      const isFine =
        toFloor !== floor ||
        room === '' ||
        room === toRoom ||
        toRoom === 'core' ||
        mayUse.includes(toRoom ?? '');
      return isFine ? [] : [`${from} → ${to}`];
    });
    assert.equal(wrong, []);
  });

  test('has the rooms of the table, and no other', () => {
    const rooms = new Set(sourceFiles(FLOORS).map(({ path }) => roomOf(path).join('/')));
    const named = FLOORS.flatMap((floor) =>
      Object.keys(ROOMS[floor]).map((room) => `${floor}/${room}`),
    );
    assert.equal([...rooms].filter((room) => !room.endsWith('/')).toSorted(), named.toSorted());
  });

  test('keeps each foreign library behind its door files', () => {
    const wrong = importsOf([...FLOORS, 'test']).filter(({ from, target }) =>
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
    const texts = new Map(sourceFiles(FLOORS).map(({ path, text }) => [path, text]));
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
    look('pipeline/cli/cli.ts');

    assert.equal(
      [...libraries].filter((name) => !name.startsWith('node:')),
      ['commander'],
    );
  });

  test('keeps doors free of code', () => {
    const doors = sourceFiles(FLOORS).filter(({ path }) => path.endsWith('/index.ts'));
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
    const lengths = sourceFiles([...FLOORS, 'test']).map(({ path, text }) => ({
      path,
      lines: text.trimEnd().split('\n').length,
    }));
    const long = lengths.filter(
      ({ path, lines }) => lines > (path.startsWith('test/') ? MAX_TEST_LINES : MAX_SOURCE_LINES),
    );
    assert.equal(long, []);
  });
});
