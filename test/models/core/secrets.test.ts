import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { PipelineError } from '../../../models/core/errors.ts';
import { maskAddress, maskError, maskFor, maskText } from '../../../models/core/secrets.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

/** Addresses, and what may be shown of them. */
const SHOWN: readonly (readonly [string, string])[] = [
  ['clip.mp4', 'clip.mp4'],
  ['C:\\clips\\a@b.mp4', 'C:\\clips\\a@b.mp4'],
  ['C:/clips/a@b.mp4', 'C:/clips/a@b.mp4'],
  ['rtsp://cam:554/live?channel=1', 'rtsp://cam:554/live?channel=1'],
  ['rtsp://me:secret@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://:secret@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:a@b:c@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:se/cr#et@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://m/e:secret@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:it\'s a `secret`"%@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:пароль@cam/live', 'rtsp://***@cam/live'],
  ['rtsp://me:secret@[::1]:554/live', 'rtsp://***@[::1]:554/live'],
  ['rtsp://me:secr', 'rtsp://***'],
  ['rtsp://camera:camera@camera.local/live', 'rtsp://***@camera.local/live'],
  ['rtsp://me:secret@cam/secret/live', 'rtsp://***@cam/***/live'],
  ['udp://@239.0.0.1:1234', 'udp://@239.0.0.1:1234'],
  ['rtsp://[::1]:554/live', 'rtsp://[::1]:554/live'],
  ['http://tv/@channel/live', 'http://tv/@channel/live'],
  ['http://cam/v?user=me&pwd=secret&fps=5', 'http://cam/v?user=***&pwd=***&fps=5'],
  ['http://cam/v?X-Amz-Signature=abc&x=secret', 'http://cam/v?X-Amz-Signature=***&x=***'],
  ['http://cam/v?secret', 'http://cam/v?***'],
  ['http://cam/v?channel=it-is-a-secret-of-some-length', 'http://cam/v?channel=***'],
  ['http://cam/live;token=secret', 'http://cam/live;token=***'],
  ['http://cam/live#secret', 'http://cam/live#***'],
  ['rtsp://cam/live#transport=udp', 'rtsp://cam/live#transport=udp'],
  ['srt://host:1?passphrase=secret', 'srt://host:1?passphrase=***'],
  [
    'rtsp://cam/user=me_password=secret_channel=1_stream=0.sdp',
    'rtsp://cam/user=***_password=***_channel=1_stream=0.sdp',
  ],
  ['cache:http://me:secret@cam/live', 'cache:http://***@cam/live'],
  ['door=rtsp://me:a secret@cam/live', 'door=rtsp://***@cam/live'],
  [' rtsp://me:secret@cam/live', ' rtsp://***@cam/live'],
  ['rtsp:/me:secret@cam/live', 'rtsp:/***@cam/live'],
  ['me:secret@cam/live', '***@cam/live'],
  ['test:320x180@5', 'test:320x180@5'],
  ['a=test:320x180@5', 'a=test:320x180@5'],
];

suite('maskAddress', (test) => {
  for (const [address, shown] of SHOWN) {
    test(`shows ${address} as ${shown}`, () => {
      assert.is(maskAddress(address), shown);
      assert.is(maskAddress(shown), shown, 'what is masked stays as it is');
      assert.is(maskText(shown), shown);
    });
  }
});

suite('maskFor', (test) => {
  test('knows a secret in every form in which it may come back', () => {
    const mask = maskFor(["rtsp://me:p%20s'é+x@cam/live?sig=zz99&x=longer-one"]);

    for (const form of [
      ...["p%20s'é+x", "p s'é+x", 'p%20s%27%C3%A9%2Bx', 'p%20s%27%c3%a9%2bx', "p+s'%C3%A9%2Bx"],
      ...[Buffer.from("me:p s'é+x").toString('base64'), 'zz99', 'longer-one'],
    ]) {
      assert.is(mask(`it was ${form}, said the server`), 'it was ***, said the server');
    }
    assert.is(maskFor(['rtsp://me:a"b\\c@cam'])(JSON.stringify(['a"b\\c'])), '["***"]');
  });

  test('hides short secrets in addresses only', () => {
    const mask = maskFor(['rtsp://me:a@cam/live']);

    assert.is(mask('a camera at rtsp://me:a@cam/live: me'), 'a camera at rtsp://***@cam/live: me');
    assert.is(mask('tcp://me:a@cam failed, me:a@ too'), 'tcp://***@cam failed, ***@ too');
  });

  test('leaves words of values alone that are no secrets by their name', () => {
    assert.is(maskFor(['http://cam/v?type=stream'])('no stream'), 'no stream');
    assert.is(maskFor(['http://cam/v?token=stream'])('no stream'), 'no ***');
  });

  test('bears addresses of any length', () => {
    const secret = 's3cret'.repeat(20_000);

    assert.is(maskFor([`rtsp://me:${secret}@cam/live`])(`not ${secret}`), 'not ***');
    const address = 'x://a:b@'.repeat(10_000);
    assert.not.match(maskAddress(`${address}cam`), /:b/);
  });

  test('does not tell that a password is part of the host', () => {
    const mask = maskFor(['rtsp://me:camera@camera.local:554/live']);

    assert.is(
      mask('Connection to tcp://camera.local:554 failed: camera'),
      'Connection to tcp://camera.local:554 failed: ***',
    );
  });
});

suite('maskText', (test) => {
  test('hides the secrets of addresses that nobody knew, and nothing else', () => {
    for (const [said, shown] of [
      [
        "Opening 'rtsp://me:x@cam/1' failed; http://x:y@z/",
        "Opening 'rtsp://***@cam/1' failed; http://***@z/",
      ],
      ['tcp://127.0.0.1:1: Connection refused', 'tcp://127.0.0.1:1: Connection refused'],
      ['(see http://cam:80/?sig=1).', '(see http://cam:80/?sig=***).'],
      ["http://me:it's a secret@cam/1: 404, by me@home", 'http://***@cam/1: 404, by me@home'],
      ['`rtsp://me:secr', '`rtsp://***'],
      [
        'Look at http://127.0.0.1:80/, or ws://[::1]:80/v1',
        'Look at http://127.0.0.1:80/, or ws://[::1]:80/v1',
      ],
      ['(rtsp://, http://, webcam: or test:)', '(rtsp://, http://, webcam: or test:)'],
    ] as const) {
      assert.is(maskText(said), shown);
    }
  });
});

suite('maskError', (test) => {
  test('hides secrets in message, stack, causes, details and what Node adds; class and codes stay', async () => {
    const address = 'rtsp://me:s3cret99@cam/live';
    const [cause] = (await once(spawn('/none/ffmpeg', ['-i', address]), 'error')) as [Error];
    const error = new PipelineError('ERR_VIDEO_OPEN', `Cannot open ${address}`, {
      cause: new AggregateError([cause], 's3cret99', { cause }),
      details: { address, tried: [address], seconds: 1 },
    });
    assert.match(inspect(error, { depth: Infinity }), /spawnargs.*s3cret99/s);

    const masked = maskError(error, maskFor([address]));

    assert.is(masked, error);
    assert.not.match(inspect(masked, { depth: Infinity, showHidden: true }), /s3cret99/);
    assert.is(masked.code, 'ERR_VIDEO_OPEN');
    assert.is(masked.message, 'Cannot open rtsp://***@cam/live');
    assert.match(
      masked.stack ?? '',
      /^PipelineError: Cannot open rtsp:\/\/\*\*\*@cam\/live\n +at /,
    );
    assert.is((cause as NodeJS.ErrnoException).code, 'ENOENT');
  });

  test('bears errors that hold themselves, or can no longer be changed', () => {
    const error = new Error('rtsp://me:s3cret99@cam');
    error.cause = error;
    assert.is(maskError(error, maskText).message, 'rtsp://***@cam');
    assert.is(maskError(Object.freeze(new Error('no')), maskText).message, 'no');
  });
});
