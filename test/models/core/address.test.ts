import { expectAddress } from '../../../models/core/address.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

suite('expectAddress', (test) => {
  const RAW =
    /^The user or password in `\w+:\/\/\*\*\*@[^`]+` holds a raw `[/?#]`; write \/ as %2F, \? as %3F, # as %23$/;
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['rtsp://me:s3cr/et@10.0.0.7/live', RAW],
    ['rtsp://me:s3cr#et@10.0.0.7/live', RAW],
    ['rtsp://me:s3cr?et@10.0.0.7/live', RAW],
    ['rtsp://me:s3cr/et@cam/live', RAW],
    ['rtsp://me:s3cr?e=t@cam/live', RAW],
    ['rtsp://me:/s3cret@cam/live', RAW],
    ['rtsp://me:1234/s3cret@10.0.0.7/live', RAW],
    ['rtsp://me:1234?s3cret@cam.local:554/live', RAW],
    ['rtsp://me:1234#s3cret@cam/live', RAW],
    ['rtsp://me:s3@cr/et@10.0.0.7/live', RAW],
    ['rtsp://m/e:s3cret@10.0.0.7/live', RAW],
    [
      ' rtsp://me:s3cret@cam/live',
      /^Expected an address, got a space before `rtsp:\/\/\*\*\*@cam\/live`/,
    ],
    [
      'rtsp://me:s3cr\net@cam/live',
      /^Expected an address without control characters.*percent-encode/,
    ],
  ];
  for (const [address, message] of wrong) {
    test(`refuses ${JSON.stringify(address)}, and does not repeat its password`, async () => {
      const { message: said } = await assert.rejects(() => expectAddress(address), {
        name: 'TypeError',
        message,
      });
      assert.not.match(said, /s3|1234/);
    });
  }

  for (const address of [
    ...['clip.mp4', 'a:b?c@d.mp4', 'file:///a:b#c@d.mp4', '-', 'webcam:0', 'udp://@239.0.0.1:1234'],
    ...[
      'rtsp://me:p@ss w%ord@cam/live',
      'rtsp://me:%23%2F%3F@cam/live',
      'rtsp://cam/#transport=udp',
    ],
    ...['http://tv/@channel', 'http://tv:8080/@channel', 'http://nas.local:80/me@x.com/a.mp4'],
    ...[
      'rtsp://cam:554/user=me&password=a@b',
      'http://me:pw@tv/@channel',
      'http://cam/?mail=a@b.c',
    ],
  ]) {
    test(`takes ${address}`, () => expectAddress(address));
  }
});
