/**
 * `npm run pack:check`: packs the package, looks at what is in it, installs it into an empty folder
 * by the line that its README prints, and runs it there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from './assert.ts';
import { deadLinks } from './packedLinks.ts';
import { ROOT } from './sourceFiles.ts';

const NEEDED = [
  'dist/pipeline/main.js',
  'dist/models/nano/encoder.onnx',
  'dist/models/nano/attention.onnx',
  'dist/models/detector/worker/detectorWorker.js',
  'dist/operators/media/wasm/wasmWorker.js',
  'dist/pipeline/demo/campus.mp4',
  'dist/server/viewer/index.html',
  'dist/server/viewer/viewer.js',
  'README.md',
  'LICENSE',
  'models/readme.md',
];
const ALLOWED =
  /^(dist\/|(models|operators|pipeline|server)\/readme\.md$|[A-Z]+(\.md)?$|package\.json$|models\/training\/(\w+\/)?\w+\.\w+$)/;
/** What the documents show. */
const SHOWN = [
  'models/nano/card.md',
  'models/nano/frames.jpg',
  'operators/attention.jpg',
  'server/viewer/screenshot.jpg',
];
const DOORS = ['', '/operators', '/models', '/server', '/client'];

const folder = mkdtempSync(join(tmpdir(), 'pix2seq-stream-pack-'));
const run = (program: string, args: readonly string[], cwd: string): string =>
  execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
try {
  const packed = run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    ROOT,
  );
  const [{ filename, files }] = JSON.parse(packed) as [
    { filename: string; files: readonly { path: string }[] },
  ];
  const paths = files.map(({ path }) => path);
  assert.equal(
    NEEDED.filter((path) => !paths.includes(path)),
    [],
    'missing in the package',
  );
  assert.equal(
    paths.filter((path) => !ALLOWED.test(path) && !SHOWN.includes(path)),
    [],
    'has no place in the package',
  );
  const readPacked = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  assert.equal(deadLinks(paths, readPacked), [], 'leads to nothing that is in the package');

  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  cpSync(join(ROOT, 'pipeline/demo/campus.mp4'), join(folder, 'street.mp4'));
  const readme = readPacked('README.md');
  const [install = ''] = /^.*\bnpm install pix2seq-stream .*$/m.exec(readme) ?? [];
  run('sh', ['-c', install.replace('pix2seq-stream', join(folder, filename))], folder);
  const imported = [...readme.matchAll(/^import .* from '([^'.][^']*)';$/gm)].map(
    ([, name]) => name,
  );
  for (const name of new Set(imported)) {
    run(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], folder);
  }
  const args = ['pix2seq-stream', 'detect', 'street.mp4', '--max-frames', '3', '--quiet'];
  const lines = run('npx', args, folder).trim().split('\n');
  assert.equal(
    lines.map((line) => (JSON.parse(line) as { frame: number }).frame),
    [0, 1, 2],
  );
  for (const door of DOORS) {
    run(
      process.execPath,
      ['--input-type=module', '-e', `await import('pix2seq-stream${door}')`],
      folder,
    );
  }
  process.stdout.write(`${paths.length} files packed, installed and run\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
