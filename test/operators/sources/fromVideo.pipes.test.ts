import { execFileSync } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import { layDown } from '../../../operators/media/input/temporaryFile.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { clip, DECODERS, needsOf, seen, until, watch } from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';
import type { StdinReport } from '../../support/programs/readStdin.ts';
import { runHelper } from '../../support/runHelper.ts';
import type { HelperOptions } from '../../support/runHelper.ts';

const IS_WINDOWS = process.platform === 'win32';

suite('fromVideo, what comes through pipes', (declare) => {
  const test = playing(declare);
  let folder = '';
  test.before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'from-video-'));
    await writeFile(join(folder, 'gap.mp4'), withGaps(readFileSync(clip('index-at-end.mp4'))));
  });
  test.after(() => rm(folder, { recursive: true, force: true }));

  for (const decoder of DECODERS) {
    const test = playing(declare, needsOf(decoder));
    const md5s = async (name: string): Promise<readonly string[]> =>
      (await watch(fromVideo(clip(name), { decoder }), seen)).values.map(({ md5 }) => md5);
    const read = async (
      stdin: HelperOptions['stdin'],
      ...args: readonly string[]
    ): Promise<StdinReport> => {
      const all = [decoder, ...args];
      const { stdout } = await runHelper('readStdin', all, {
        ...(stdin && { stdin }),
        tmp: folder,
      });
      return JSON.parse(stdout) as StdinReport;
    };

    const stdins = [
      ['h264.ts', 'pipe', 0],
      ['index-at-end.mp4', 'pipe', 1],
      ['index-at-end.mp4', 'file', 1],
    ] as const;
    for (const [name, kind, numFolders] of stdins) {
      test(`reads ${name} from standard input, a ${kind} (${decoder})`, async () => {
        const report = await read({ path: clip(name), kind });

        assert.is(report.error, undefined);
        assert.equal(report.sources, ['stdin']);
        assert.equal(report.md5s, await md5s(name));
        assert.is(report.numFolders, numFolders, 'only what needs seeking is laid down');
        assert.equal(temporary(folder), []);
      });
    }

    test(`reads media data behind a gap that is longer than a pipe holds (${decoder})`, async () => {
      const report = await read({ path: join(folder, 'gap.mp4'), kind: 'pipe' });

      assert.is(report.error, undefined);
      assert.equal(report.md5s, await md5s('index-at-end.mp4'));
      assert.equal(temporary(folder), []);
    });

    if (!IS_WINDOWS) {
      const descriptors = [
        ['/dev/stdin', 'pipe', 'stdin'],
        ['/dev/stdin', 'file', 'stdin'],
        ['/dev/fd/3', 'file', '3'],
      ] as const;
      for (const [source, kind, name] of descriptors) {
        test(`reads ${source}, a ${kind} (${decoder})`, async () => {
          const report = await read({ path: clip('h264.ts'), kind }, '0', source);

          assert.is(report.error, undefined);
          assert.equal(report.sources, [name]);
          assert.equal(report.md5s, await md5s('h264.ts'));
        });
      }
    }

    for (const name of ['h264.ts', 'index-at-end.mp4']) {
      test(
        `reads ${name} from a named pipe (${decoder})`,
        async () => {
          const pipe = makePipe(folder);
          const playing$ = watch(fromVideo(pipe, { decoder }), seen);
          createWriteStream(pipe).end(readFileSync(clip(name)));

          const { values, error } = await playing$;

          assert.is(error, undefined);
          assert.equal(
            values.map(({ md5 }) => md5),
            await md5s(name),
          );
        },
        { needs: ['mkfifo'] },
      );
    }

    test(`leaves nothing behind when standard input is left early, and ends (${decoder})`, async () => {
      const report = await read({ path: clip('index-at-end.mp4'), kind: 'pipe' }, '2');

      assert.is(report.md5s.length, 2);
      assert.equal(temporary(folder), []);
    });

    test(`says that standard input is empty, or no video (${decoder})`, async () => {
      for (const [path, message] of [
        ['/dev/null', /^Standard input is empty/],
        [clip('truncated-index.mp4'), /^standard input cannot be read as video: /],
      ] as const) {
        const { error } = await read({ path, kind: 'file' });

        assert.is(error?.code, 'ERR_VIDEO_OPEN');
        assert.match(error?.message ?? '', message);
        assert.equal(temporary(folder), []);
      }
    });
  }

  test(
    'waits for a pipe that nobody writes to without a thread of its own, and lets go of it',
    async () => {
      const numBefore = numPipes();
      const subscriptions = Array.from({ length: 8 }, () =>
        fromVideo(makePipe(folder)).subscribe({ error: () => undefined }),
      );

      await until(() => numPipes() === numBefore + 8); // Node's pool has four threads
      subscriptions.forEach((subscription) => subscription.unsubscribe());

      await until(() => numPipes() === numBefore);
    },
    { needs: ['mkfifo'] },
  );
});

suite('layDown', (test) => {
  const never = new AbortController().signal;

  test('keeps what came until it is disposed of', async () => {
    const file = await layDown(Readable.from([Buffer.from('ab'), Buffer.from('c')]), 'it', never);

    assert.is(readFileSync(file.path, 'utf8'), 'abc');
    file.dispose();
    await assert.rejects(() => readFileSync(file.path), { code: 'ENOENT' });
  });

  test('refuses more than it may lay down, says what to do, and leaves nothing', async () => {
    const before = temporary(tmpdir());
    const bytes = Readable.from([Buffer.alloc(4), Buffer.alloc(4)]);

    await assert.rejects(() => layDown(bytes, '`a.mp4`', never, 7), {
      code: 'ERR_VIDEO_OPEN',
      message: /^Cannot lay `a\.mp4` down in .*: it is longer than 7 bytes; give it as a file/,
    });

    assert.equal(temporary(tmpdir()), before);
  });

  test('ends with its signal, and leaves nothing', async () => {
    const before = temporary(tmpdir());
    const abort = new AbortController();
    const silent = new Readable({ read: () => abort.abort() });

    await assert.rejects(() => layDown(silent, 'it', abort.signal), { code: 'ERR_VIDEO_OPEN' });

    assert.equal(temporary(tmpdir()), before);
  });
});

function temporary(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^pix2seq-stream-(?!test-)/.test(name));
}

/** Makes a named pipe of its own name. */
function makePipe(folder: string): string {
  const path = join(folder, `pipe-${readdirSync(folder).length}`);
  execFileSync('mkfifo', [path]);
  return path;
}

/**
 * The same MP4 with 100 kB of nothing before its media data, to which its index points, and with a megabyte between
 * the two, so that FFmpeg can't help itself with what it has in memory.
 */
function withGaps(mp4: Buffer): Buffer {
  const gap = freeBox(100_000);
  const table = mp4.indexOf('stco') + 8;
  for (let entry = 0; entry < mp4.readUInt32BE(table); entry++) {
    const at = table + 4 + 4 * entry;
    mp4.writeUInt32BE(mp4.readUInt32BE(at) + gap.length, at);
  }
  const [start, index] = [mp4.readUInt32BE(0), mp4.indexOf('moov') - 4];
  const parts = [mp4.subarray(0, start), gap, mp4.subarray(start, index)];
  return Buffer.concat([...parts, freeBox(1_000_000), mp4.subarray(index)]);
}

function freeBox(size: number): Buffer {
  const box = Buffer.alloc(size);
  box.writeUInt32BE(size);
  box.write('free', 4);
  return box;
}

/** Pipes that this process has open. */
function numPipes(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length;
}
