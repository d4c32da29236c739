/** What a server must not bring about that is asked for a checkpoint. */
import { once } from 'node:events';
import { readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { downloadCheckpoint } from '../../../../models/import/download/downloadCheckpoint.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const STATE = 'model_checkpoint_path: "ckpt-1"\n';

interface Hostile extends AsyncDisposable {
  readonly url: string;
  /** Paths of the requests so far. */
  readonly paths: readonly (string | undefined)[];
}

async function openHostile(answer: RequestListener): Promise<Hostile> {
  const paths: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

suite('downloadCheckpoint, from a hostile server', (test) => {
  const refusal = async (
    answer: RequestListener,
    prepare: (directory: string) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<{ code: unknown; message: string; files: string[]; numRequests: number }> => {
    await using server = await openHostile(answer);
    await using folder = await temporaryFolder();
    await prepare(folder.path);
    const error = await assert.rejects(
      downloadCheckpoint({ url: server.url, directory: folder.path, retryMs: 1 }),
      {},
    );
    const { code, message } = error as Error & { code?: unknown };
    const files = await readdir(folder.path);
    return { code, message, files, numRequests: server.paths.length };
  };

  test('refuses more than such a file has, before any of it is kept', async () => {
    const { code, message, files, numRequests } = await refusal((_, response) => {
      response.writeHead(200, { 'content-length': 1e15 }).write('x');
    });

    assert.equal([code, files, numRequests], ['ERR_DOWNLOAD', [], 1]);
    assert.match(message, /has more than 1048576 bytes, which no file of its kind has$/);
  });

  test('refuses what never ends', async () => {
    const { code, files } = await refusal((_, response) => {
      const chunk = Buffer.alloc(1 << 16, 32);
      response.writeHead(200);
      const fill = (): void => {
        while (response.write(chunk)) {
          // as much as it takes
        }
      };
      response.on('drain', fill);
      fill();
    });

    assert.equal([code, files.filter((file) => file.endsWith('.part'))], ['ERR_DOWNLOAD', []]);
  });

  test('is not sent in circles, nor to what is no web server', async () => {
    const circle = await refusal((_, response) => {
      response.writeHead(302, { location: '/checkpoint' }).end();
    });
    assert.equal([circle.code, circle.numRequests], ['ERR_DOWNLOAD', 6]);
    assert.match(circle.message, /somewhere else more than 5 times$/);

    const file = await refusal((_, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    });
    assert.equal([file.code, file.numRequests], ['ERR_DOWNLOAD', 1]);
    assert.match(file.message, /to what is no web server$/);
  });

  test('takes no name that means something to a file system', async () => {
    for (const name of ['..', '.hidden', 'a\u0000b', 'a\u001b[31m', 'a:b', 'a'.repeat(4_000)]) {
      const { code, files } = await refusal((_, response) => {
        response.end(`model_checkpoint_path: "${name}"\n`);
      });
      assert.equal([code, files], ['ERR_CHECKPOINT', ['checkpoint']], name);
    }
  });

  test('writes through no link that lies in the folder', async () => {
    await using outside = await temporaryFolder();
    const target = join(outside.path, 'mine');
    await writeFile(target, 'untouched');

    const { code } = await refusal(
      (_, response) => response.end(STATE),
      (directory) => symlink(target, join(directory, 'checkpoint.part')),
    );

    assert.is(code, 'ERR_OUTPUT');
    assert.is(await readFile(target, 'utf8'), 'untouched');
  });
});
