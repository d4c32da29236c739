import {
  isLiveSource,
  maskedAddress,
  maskSecrets,
  readLiveSource,
  secretsOf,
} from '../../../operators/live/liveSource.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('isLiveSource', (test) => {
  test('knows cameras and streams by their address', () => {
    const live = [
      ...['rtsp://cam/1', 'RTSPS://cam/1', 'rtmp://host/app/key', 'udp://@239.0.0.1:1234'],
      ...['tcp://host:1', 'srt://host:9000', 'http://cam/video.cgi?fps=5', 'https://tv/live.m3u8'],
      ...['http://cam/stream.ts', 'webcam:0', 'webcam:', '/dev/video12', 'screen:', 'test:'],
      ...['test:640x360@15', 'rtsp://cam/a.mp4'],
    ];
    assert.equal(live.filter(isLiveSource), live);
  });

  test('leaves files, pictures and standard input to others', () => {
    const files = [
      ...[
        '-',
        'clip.mp4',
        './webcam',
        'C:\\clips\\a.mp4',
        'http://host/clip.mp4?sig=1',
        '/dev/sda',
      ],
      ...['https://host/picture.JPG#x', 'file:///clips/a.mp4', 'pictures/*.png', 'testimony.mp4'],
    ];
    assert.equal(files.filter(isLiveSource), []);
  });

  test('knows typed sources', () => {
    assert.ok(isLiveSource({ webcam: 0 }));
    assert.ok(isLiveSource({ url: 'rtsp://cam/1' }));
    assert.ok(isLiveSource({ screen: 0 }));
    assert.ok(isLiveSource({ test: {} }));
    assert.ok(isLiveSource(new URL('rtsp://cam/1')));
    assert.not(isLiveSource({}));
    assert.not(isLiveSource(null));
  });
});

suite('readLiveSource', (test) => {
  test('reads the transport from the end of an address, and TCP without it', () => {
    const network = { kind: 'network', scheme: 'rtsp' };
    assert.equal(readLiveSource('RTSP://cam/1?a=b'), {
      ...{ ...network, url: 'RTSP://cam/1?a=b', transport: 'tcp' },
    });
    assert.equal(readLiveSource('rtsp://cam/1#transport=udp'), {
      ...{ ...network, url: 'rtsp://cam/1', transport: 'udp' },
    });
    assert.equal(readLiveSource({ url: 'rtsp://cam/1', transport: 'udp' }), {
      ...{ ...network, url: 'rtsp://cam/1', transport: 'udp' },
    });
  });

  test('writes user and password into the address, encoded', () => {
    const read = readLiveSource({ url: 'rtsp://old:one@cam/1', user: 'me', password: 'p@:/#$&' });
    assert.is(read.kind === 'network' && read.url, 'rtsp://me:p%40%3A%2F%23%24%26@cam/1');
    assert.equal(secretsOf(read), ['p%40%3A%2F%23%24%26', 'p@:/#$&']);
  });

  test('reads devices and patterns', () => {
    assert.equal(readLiveSource('webcam:'), { kind: 'webcam', device: '0' });
    assert.equal(readLiveSource('webcam:My Camera'), { kind: 'webcam', device: 'My Camera' });
    assert.equal(readLiveSource('/dev/video2'), { kind: 'webcam', device: '/dev/video2' });
    assert.equal(readLiveSource({ screen: 1 }), { kind: 'screen', device: '1' });
    assert.equal(readLiveSource('test:320x240@15'), {
      kind: 'test',
      pattern: { width: 320, height: 240, framesPerSecond: 15 },
    });
  });

  test('refuses what is no live source, names the nearest scheme, and shows no password', async () => {
    await assert.rejects(() => readLiveSource('rtps://me:secret@cam/1'), {
      name: 'TypeError',
      message: /got `rtps:\/\/\*\*\*@cam\/1`; did you mean `rtsp`\?$/,
    });
    await assert.rejects(() => readLiveSource('clip.mp4'), { message: /^Expected a live source/ });
    await assert.rejects(() => readLiveSource('test:big'), { message: /got `test:big`$/ });
    await assert.rejects(() => readLiveSource({ url: 'webcam:0' }), { message: /an address/ });
    const misspelt = { url: 'rtsp://cam/1', pasword: 'secret' };
    await assert.rejects(() => readLiveSource(misspelt), {
      message: /^Unknown option `pasword` of a network source; did you mean `password`\?$/,
    });
    const other = { url: 'rtsp://cam/1', transport: 'sctp' as 'tcp' };
    await assert.rejects(() => readLiveSource(other), { message: /`transport` to be one of/ });
  });
});

suite('maskedAddress', (test) => {
  test('hides users, passwords and tokens, and nothing else', () => {
    for (const [address, shown] of [
      ['rtsp://cam:554/live?channel=1', 'rtsp://cam:554/live?channel=1'],
      ['rtsp://me:secret@cam/live', 'rtsp://***@cam/live'],
      ['rtsp://me@cam/live', 'rtsp://***@cam/live'],
      ['rtsp://me:a@b:c@cam/live', 'rtsp://***@cam/live'],
      ['rtsp://me:se/cr#et@cam/live', 'rtsp://***@cam/live'],
      ['http://cam/v?user=me&pwd=secret&fps=5', 'http://cam/v?user=***&pwd=***&fps=5'],
      ['srt://host:1?passphrase=secret', 'srt://host:1?passphrase=***'],
      ['http://tv/@channel/live', 'http://tv/@channel/live'],
    ] as const) {
      assert.is(maskedAddress(address), shown);
      assert.is(maskedAddress({ url: address, user: 'me', password: 'secret' }), shown);
    }
    assert.is(maskedAddress(new URL('rtsp://me:secret@cam/live')), 'rtsp://***@cam/live');
    assert.is(maskedAddress({ webcam: 1 }), 'webcam:1');
    assert.is(maskedAddress({ screen: 0 }), 'screen:0');
    assert.is(maskedAddress({ test: {} }), 'test:');
  });

  test('hides them in a sentence, and the words themselves anywhere', () => {
    const said = "Opening 'rtsp://me:secret@cam/1' failed; http://x:y@z/: secret refused";
    assert.is(
      maskSecrets(said, ['secret']),
      "Opening 'rtsp://***@cam/1' failed; http://***@z/: *** refused",
    );
  });
});
