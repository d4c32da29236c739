/** What a web server can make FFmpeg ask for. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromVideo } from '../../../../operators/sources/fromVideo.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { clip, until, watch } from '../../../support/media/clips.ts';
import { isIn, numTimes, watchLiveSource } from '../../../support/media/liveWatch.ts';
import { playing } from '../../../support/media/playing.ts';

interface Web extends AsyncDisposable {
  readonly url: string;
  readonly paths: readonly (string | undefined)[];
}

async function openWeb(answer: RequestListener): Promise<Web> {
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

/** A server that sends whoever asks it to another one. */
function openReferrer(other: Web): Promise<Web> {
  const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${other.url}/a.ts\n#EXT-X-ENDLIST\n`;
  return openWeb(({ url = '' }, response) => {
    if (url.startsWith('/redirect')) {
      response.writeHead(302, { location: `${other.url}/a.ts` }).end();
    } else {
      response.end(playlist);
    }
  });
}

suite('followLinks', (declare) => {
  const test = playing(declare);
  test.needs('ffmpeg');
  const showing: RequestListener = (_, response) => {
    createReadStream(clip('h264.ts')).pipe(response);
  };

  test('asks no other server where it is false, neither live nor for a file', async () => {
    await using other = await openWeb(showing);
    await using referrer = await openReferrer(other);
    for (const path of ['/redirect', '/list.m3u8', '/list']) {
      const live = watchLiveSource(referrer.url + path, { followLinks: false });
      await until(() => numTimes(live, 'offline') > 0 || live.frames.length > 0);
      live.subscription.unsubscribe();
      assert.equal([live.frames, other.paths], [[], []], path);
    }
    for (const path of ['/redirect.mp4', '/list.mp4']) {
      const { error } = await watch(
        fromVideo(referrer.url + path, { followLinks: false }),
        () => 0,
      );
      assert.equal([error?.code, other.paths], ['ERR_VIDEO_OPEN', []], path);
    }
  });

  test('plays what the address itself has all the same', async () => {
    await using web = await openWeb(showing);
    const live = watchLiveSource(`${web.url}/a`, { followLinks: false });
    await until(() => live.frames.length > 0);
    live.subscription.unsubscribe();
    assert.ok(isIn(live, 'online'));
  });

  test('follows a redirect by default', async () => {
    await using other = await openWeb(showing);
    await using referrer = await openReferrer(other);
    const live = watchLiveSource(`${referrer.url}/redirect`);
    await until(() => live.frames.length > 0);
    live.subscription.unsubscribe();
    assert.is(other.paths[0], '/a.ts');
  });
});
