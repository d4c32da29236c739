import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { openCheckpoint } from '../../../../models/import/checkpoint/tensorSource.ts';
import { downloadCheckpoint } from '../../../../models/import/download/downloadCheckpoint.ts';
import type { DownloadOptions } from '../../../../models/import/download/downloadCheckpoint.ts';
import * as assert from '../../../support/assert.ts';
import { openBucket } from '../../../support/sockets/bucketServer.ts';
import type { Bucket } from '../../../support/sockets/bucketServer.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const BY_TENSORFLOW = fileURLToPath(new URL('../../../fixtures/checkpoint', import.meta.url));
const INDEX = 'ckpt-1.index';
const DATA = 'ckpt-1.data-00000-of-00001';
const NAMES = ['checkpoint', DATA, INDEX, 'config.json'];

async function fixtureBucket(): Promise<Bucket> {
  return await openBucket(BY_TENSORFLOW, new Map([['config.json', Buffer.from('{}')]]));
}

async function download(
  { url }: Bucket,
  directory: string,
  options: Partial<DownloadOptions> = {},
): Promise<void> {
  await downloadCheckpoint({ url, directory, retryMs: 1, ...options });
}

/** Breaks the connection whenever so many more bytes of the data file are on the disk. */
function cutEvery(bytes: number, bucket: Bucket): Partial<DownloadOptions> {
  bucket.faults.set(DATA, { ...bucket.faults.get(DATA), hold: { afterBytes: bytes, times: 6 } });
  return {
    onProgress: (done, total, what) => {
      if (what === DATA && done % bytes === 0 && done < total) {
        bucket.cut();
      }
    },
  };
}

/** Expects the bucket's files in a folder, and nothing else. */
async function expectAll(bucket: Bucket, directory: string): Promise<void> {
  assert.equal((await readdir(directory)).toSorted(), NAMES);
  for (const name of NAMES) {
    assert.equal(await readFile(join(directory, name)), bucket.files.get(name), name);
  }
}

/** Requests for one file. */
function requestsFor(name: string, { requests }: Bucket): string[] {
  return requests.filter((request) => request.startsWith(name));
}

suite('downloadCheckpoint', (test) => {
  test('logs in where the address has user and password, and shows them in no error', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    NAMES.forEach((name) => bucket.faults.set(name, { login: "me:it's/s3cret" }));
    const withLogin = (login: string): string => bucket.url.replace('://', `://${login}@`);

    await download(bucket, join(folder.path, 'a'), { url: withLogin("me:it's%2Fs3cret") });
    await expectAll(bucket, join(folder.path, 'a'));

    const url = withLogin('me:wrong-s3cret');
    const error = await assert.rejects(download(bucket, join(folder.path, 'b'), { url }), {
      code: 'ERR_DOWNLOAD',
      message: /^Cannot download http:\/\/\*\*\*@127\.0\.0\.1:\d+\/bucket\/run\/checkpoint: .* 401/,
    });
    assert.not.match(inspect(error, { depth: Infinity, showHidden: true }), /s3cret/);
  });

  test('gets what the bucket has, and tells how far it is', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    const directory = join(folder.path, 'made/for/it');
    const told: unknown[] = [];

    await download(bucket, directory, { onProgress: (...facts) => told.push(facts) });

    await expectAll(bucket, directory);
    assert.equal(bucket.requests, ['checkpoint', 'config.json', INDEX, DATA]);
    const bytes = bucket.files.get(DATA)?.length;
    assert.equal(told.at(-1), [bytes, bytes, DATA]);
    await (await openCheckpoint(directory)).close();
  });

  test('gets the text of a multi-task checkpoint from where the bucket has it', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    const text = 'c4_en_32k_spm.model';
    for (const [name, bytes] of [...bucket.files]) {
      bucket.files.set(`multi_task/ckpt/vit/${name}`, bytes);
    }
    bucket.files.set(`multi_task/data/${text}`, Buffer.from('pieces'));
    const url = `${bucket.url}/multi_task/ckpt/vit`;

    await download({ ...bucket, url }, folder.path);

    assert.equal((await readdir(folder.path)).toSorted(), [text, ...NAMES]);
    assert.is(await readFile(join(folder.path, text), 'utf8'), 'pieces');
    assert.is(bucket.requests.at(2), `multi_task/data/${text}`, 'small, so before what is large');
  });

  test('does without the text where a mirror lacks it, and with nothing else', async () => {
    for (const code of [403, 404, 401]) {
      await using bucket = await fixtureBucket();
      await using folder = await temporaryFolder();
      for (const [name, bytes] of [...bucket.files]) {
        bucket.files.set(`multi_task/ckpt/vit/${name}`, bytes);
      }
      const text = 'multi_task/data/c4_en_32k_spm.model';
      bucket.files.set(text, Buffer.from('pieces'));
      bucket.faults.set(text, { status: { code, times: 1 } });
      const work = download({ ...bucket, url: `${bucket.url}/multi_task/ckpt/vit` }, folder.path);

      if (code === 401) {
        await assert.rejects(work, { code: 'ERR_DOWNLOAD', message: /spm\.model: .* 401/ });
      } else {
        await work;
        await expectAll(bucket, folder.path);
      }
    }
  });

  test('takes an address with a slash at its end', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();

    await downloadCheckpoint({ url: `${bucket.url}/`, directory: folder.path });

    await expectAll(bucket, folder.path);
  });

  test('goes on where it was cut off', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();

    await download(bucket, folder.path, cutEvery(500, bucket));

    await expectAll(bucket, folder.path);
    const ranges = [500, 1000, 1500].map((from) => `${DATA} bytes=${from}-`);
    assert.equal(requestsFor(DATA, bucket), [DATA, ...ranges]);
  });

  test('goes on where an earlier run ended', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();

    await assert.rejects(download(bucket, folder.path, cutEvery(50, bucket)), {
      code: 'ERR_DOWNLOAD',
      message: /00001: .*at the last of 6 attempts; what has come is kept, run it again to go on/,
    });
    assert.equal((await readdir(folder.path)).toSorted(), [
      'checkpoint',
      `${DATA}.etag`,
      `${DATA}.part`,
      INDEX,
      'config.json',
    ]);
    await download(bucket, folder.path);

    await expectAll(bucket, folder.path);
    assert.is(bucket.requests.at(-1), `${DATA} bytes=300-`);
  });

  test('leaves what is there and right', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    await download(bucket, folder.path);
    bucket.faults.set(DATA, { hold: { afterBytes: 0, times: 6 } }); // who waits for bytes fails

    await download(bucket, folder.path, { stallMs: 500 });

    await expectAll(bucket, folder.path);
  });

  test('replaces what is there and other than on the server', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, DATA), 'of another run');

    await download(bucket, folder.path);

    await expectAll(bucket, folder.path);
  });

  test('begins anew where the server knows no ranges', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    const cut = cutEvery(1000, bucket);
    bucket.faults.set(DATA, { isSimple: true, hold: { afterBytes: 1000, times: 1 } });

    await download(bucket, folder.path, cut);

    await expectAll(bucket, folder.path);
  });

  test('begins anew where the server tells no version and no checksum', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    const cut = cutEvery(1000, bucket);
    bucket.faults.set(DATA, { isBare: true, hold: { afterBytes: 1000, times: 1 } });

    await download(bucket, folder.path, cut);

    await expectAll(bucket, folder.path);
    assert.equal(requestsFor(DATA, bucket), [DATA, DATA]);
  });

  for (const ignoresIfRange of [false, true]) {
    const how = ignoresIfRange ? 'does not heed the version' : 'has another version';
    test(`mixes no two versions where the server ${how}`, async () => {
      await using bucket = await fixtureBucket();
      await using folder = await temporaryFolder();
      bucket.faults.set(DATA, { ignoresIfRange, hasNoSum: true });
      await writeFile(join(folder.path, `${DATA}.part`), Buffer.alloc(700));
      await writeFile(join(folder.path, `${DATA}.etag`), '"an older one"');

      await download(bucket, folder.path);

      await expectAll(bucket, folder.path);
      assert.is(requestsFor(DATA, bucket)[0], `${DATA} bytes=700-`);
    });
  }

  test('begins anew where more is there than the server has', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.faults.set(DATA, { ignoresIfRange: true });
    await writeFile(join(folder.path, `${DATA}.part`), Buffer.alloc(70_000));
    await writeFile(join(folder.path, `${DATA}.etag`), '"an older one"');

    await download(bucket, folder.path);

    await expectAll(bucket, folder.path);
    assert.equal(requestsFor(DATA, bucket), [`${DATA} bytes=70000-`, DATA]);
  });

  test('tries again what does not fit its checksum, and never keeps it', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.faults.set(DATA, { spoil: { times: 1 } });

    await download(bucket, folder.path);

    await expectAll(bucket, folder.path);
    assert.equal(requestsFor(DATA, bucket), [DATA, DATA]);

    await using another = await temporaryFolder();
    bucket.faults.set(INDEX, { spoil: { times: 6 } });
    await assert.rejects(download(bucket, another.path), {
      code: 'ERR_DOWNLOAD',
      message: /ckpt-1\.index: what came does not fit its checksum, at the last of 6/,
    });
    assert.equal((await readdir(another.path)).toSorted(), ['checkpoint', 'config.json']);
  });

  test('tries again what is busy, not what is refused', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.faults.set('config.json', { status: { code: 503, times: 2 } });
    bucket.faults.set(INDEX, { status: { code: 429, times: 1 } });
    bucket.faults.set(DATA, { status: { code: 403, times: 1 } });

    await assert.rejects(download(bucket, folder.path), {
      code: 'ERR_DOWNLOAD',
      message: /00001: the server answers 403 Forbidden; expected the folder of a TensorFlow 2/,
    });

    assert.is(requestsFor('config.json', bucket).length, 3);
    assert.is(requestsFor(INDEX, bucket).length, 2);
    assert.is(requestsFor(DATA, bucket).length, 1);
  });

  test('gets the rest where there is no config, and leaves one that was put there', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.files.delete('config.json');

    await download(bucket, folder.path);
    assert.equal((await readdir(folder.path)).toSorted(), ['checkpoint', DATA, INDEX]);

    const own = join(folder.path, 'config.json');
    await writeFile(own, '{"model": {}}');
    await download(bucket, folder.path);
    assert.is(await readFile(own, 'utf8'), '{"model": {}}');
  });

  test('says what is missing', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.files.delete('checkpoint');

    await assert.rejects(download(bucket, folder.path), {
      code: 'ERR_DOWNLOAD',
      message: /run\/checkpoint: the server answers 404 Not Found; expected the folder/,
    });
    assert.equal(await readdir(folder.path), []);
  });

  test('refuses a page that is no checkpoint', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.files.set('checkpoint', Buffer.from('<html>Welcome</html>'));

    await assert.rejects(download(bucket, folder.path), {
      code: 'ERR_CHECKPOINT',
      message: /names no checkpoint/,
    });
    assert.equal(bucket.requests, ['checkpoint']);
  });

  test('gives a silent server up, and tries again', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.faults.set(DATA, { hold: { afterBytes: 0, times: 1 } });

    await download(bucket, folder.path, { stallMs: 300 });
    await expectAll(bucket, folder.path);

    await using another = await temporaryFolder();
    bucket.faults.set('checkpoint', { hold: { afterBytes: 0, times: 6 } });
    await assert.rejects(download(bucket, another.path, { stallMs: 20 }), {
      code: 'ERR_DOWNLOAD',
      message: /nothing came for 0\.02 seconds/,
    });
  });

  test('ends when it is told to, and keeps what has come', async () => {
    await using bucket = await fixtureBucket();
    await using folder = await temporaryFolder();
    bucket.faults.set(DATA, { hold: { afterBytes: 800, times: 1 } });
    const interrupt = new AbortController();
    const work = download(bucket, folder.path, {
      signal: interrupt.signal,
      onProgress: (_, __, what) => what === DATA && interrupt.abort(),
    });

    await assert.rejects(work, { name: 'AbortError' });
    assert.is((await readFile(join(folder.path, `${DATA}.part`))).length, 800);
    assert.is(requestsFor(DATA, bucket).length, 1);
  });

  test('says that nobody answers, and before each pause for how long', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await using folder = await temporaryFolder();
    const url = `http://127.0.0.1:${port}/run`;

    const told: string[] = [];
    const onRetry = (reason: string, waitMs: number, what: string): void => {
      assert.match(reason, /ECONNREFUSED/);
      told.push(`${what} ${waitMs}`);
    };

    await assert.rejects(downloadCheckpoint({ url, directory: folder.path, retryMs: 1, onRetry }), {
      code: 'ERR_DOWNLOAD',
      message: /ECONNREFUSED.*at the last of 6 attempts/,
    });

    assert.equal(
      told,
      [1, 2, 4, 8, 16].map((waitMs) => `checkpoint ${waitMs}`),
    );
  });

  test('refuses other addresses, and folders that can’t be made', async () => {
    await using folder = await temporaryFolder();
    for (const url of ['ftp://host/run', 'pix2seq/run', 'gs://']) {
      await assert.rejects(downloadCheckpoint({ url, directory: folder.path }), {
        name: 'RangeError',
        message: /Expected an address gs:\/\/…, https:\/\/… or http:\/\/…, without .* got/,
      });
    }
    await writeFile(join(folder.path, 'file'), '');
    const directory = join(folder.path, 'file/run');
    await assert.rejects(downloadCheckpoint({ url: 'http://127.0.0.1:1/', directory }), {
      code: 'ERR_OUTPUT',
      message: /Cannot make .*file\/run/,
    });
  });
});
