/** HTTPS and WSS, with a certificate that is renewed while the server runs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { DetectionServer } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import {
  attachFeed,
  frameOf,
  openClient,
  startServer,
  until,
} from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** Makes a certificate for a name, and its key. */
function writePair(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    [...args, '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

/** The name in the certificate that a server shows. */
function shownBy({ port }: DetectionServer): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false };
    request({ ...options, agent: false }, (response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on('end', () => resolve(subject.CN as string));
    })
      .on('error', reject)
      .end();
  });
}

suite('TLS', (test) => {
  test.needs('openssl');
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  test.after(() => rmSync(folder, { recursive: true }));

  test('serves frames, takes a new certificate, and keeps the old one where the new is broken', async () => {
    const tls = writePair(folder, 'first');
    const notices: string[] = [];
    await using server = await startServer({ tls, onNotice: (text) => notices.push(text) });
    assert.match(server.url, /^https:/);
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server, { rejectUnauthorized: false });
    await client.subscribe();
    door$.next(frameOf(0));
    await client.next('frame');
    assert.is(await shownBy(server), 'first');

    writePair(folder, 'second');
    await until(() => notices.length === 1);
    assert.match(notices[0]!, /^There is a new certificate in .*cert\.pem$/);
    assert.is(await shownBy(server), 'second');

    writeFileSync(tls.cert, 'broken');
    await until(() => notices.length === 2);
    assert.match(notices[1]!, /^Cannot use certificate .*; the one before is still in use$/);
    assert.is(await shownBy(server), 'second');
    door$.next(frameOf(1));
    assert.is((await client.next('frame')).frame, 1); // who is connected notices nothing
  });

  test('takes a new certificate from a mounted secret, whose folder is replaced as a whole', async () => {
    const mount = mkdtempSync(join(folder, 'mount-'));
    for (const name of ['first', 'second']) {
      mkdirSync(join(mount, `..${name}`));
      writePair(join(mount, `..${name}`), name);
    }
    symlinkSync('..first', join(mount, '..data'));
    const [cert, key] = ['cert.pem', 'key.pem'].map((file) => {
      symlinkSync(join('..data', file), join(mount, file));
      return join(mount, file);
    }) as [string, string];
    const notices: string[] = [];
    const tls = { cert, key };
    await using server = await startServer({ tls, onNotice: (text) => notices.push(text) });
    assert.is(await shownBy(server), 'first');

    symlinkSync('..second', join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    await until(() => notices.length === 1);
    assert.is(await shownBy(server), 'second');
  });

  test('is refused where the files are missing', async () => {
    await assert.rejects(startServer({ tls: { cert: '/none.pem', key: '/none.pem' } }), {
      code: 'ERR_SERVER_LISTEN',
      message: /^Cannot use certificate \/none\.pem/,
    });
  });
});
