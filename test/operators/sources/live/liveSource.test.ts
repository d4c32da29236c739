import {
  isLiveSource,
  maskedAddress,
  maskOf,
  readLiveSource,
} from '../../../../operators/sources/live/liveSource.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

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

  test('refuses a raw slash, question mark or hash in a password, at once', async () => {
    for (const raw of ['/', '?', '#']) {
      const { message } = await assert.rejects(
        () => readLiveSource(`rtsp://me:s3cr${raw}et@10.0.0.7/live`),
        { name: 'TypeError', message: /%2F.*%3F.*%23/ },
      );
      assert.not.match(message, /s3cr/);
    }
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
  test('names every kind of source, without its secrets', () => {
    assert.is(maskedAddress('rtsp://me:a secret@cam/live'), 'rtsp://***@cam/live');
    assert.is(maskedAddress(new URL('rtsp://me:secret@cam/live')), 'rtsp://***@cam/live');
    const url = 'rtsp://me:secret@cam/live';
    assert.is(maskedAddress({ url, user: 'you', password: 'other' }), 'rtsp://***@cam/live');
    assert.is(maskedAddress({ webcam: 1 }), 'webcam:1');
    assert.is(maskedAddress({ screen: 0 }), 'screen:0');
    assert.is(maskedAddress({ test: {} }), 'test:');
  });
});

suite('maskOf', (test) => {
  test('knows user and password, in the address and beside it', () => {
    const mask = maskOf({ url: 'rtsp://me:secret@cam/live', user: 'you', password: "it's/other" });

    assert.is(mask("secret, it's/other, it%27s%2Fother"), '***, ***, ***');
    assert.is(mask('rtsp://you:it%27s%2Fother@cam/live'), 'rtsp://***@cam/live');
    assert.is(maskOf({ webcam: 0 })('rtsp://a:b@c'), 'rtsp://***@c');
  });
});
