import { readFileSync } from 'node:fs';
import { Subscription } from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { fromVideo } from '../../../operators/sources/fromVideo.ts';
import type { FromVideoConfig } from '../../../operators/sources/sourceOptions.ts';
import * as assert from '../../support/assert.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { clip, DECODERS, md5, needsOf, seen, until, watch } from '../../support/media/clips.ts';
import { playing } from '../../support/media/playing.ts';
import type { ForgetReport } from '../../support/programs/forgetFrames.ts';
import type { MemoryReport } from '../../support/programs/playLong.ts';
import { runHelper } from '../../support/runHelper.ts';

/** A window in which a decoder that waits uses next to no processor time, milliseconds of each. */
const REST_WINDOW_MS = 100;
const REST_CPU_MS = 20;

suite('fromVideo, how long things live', (declare) => {
  const test = playing(declare);
  const started: Held[] = [];
  test.afterEach(async () => {
    for (const { subscription, frames } of started.splice(0)) {
      subscription.unsubscribe();
      frames.forEach((frame) => frame.close());
    }
    await until(() => numDecoders() === 0);
  });

  for (const decoder of DECODERS) {
    const test = playing(declare, needsOf(decoder));
    /** Plays and keeps every frame open. */
    const hold = (config: FromVideoConfig = {}, name = 'h264.mp4'): Held => {
      const held: Held = { frames: [], end: undefined, subscription: new Subscription() };
      held.subscription = fromVideo(clip(name), { decoder, ...config }).subscribe({
        next: (frame) => held.frames.push(frame),
        error: (error: Error) => (held.end = error.message),
        complete: () => (held.end = 'complete'),
      });
      started.push(held);
      return held;
    };

    for (const size of [416, 48]) {
      // the small one: a pipe holds many of its pictures, the large one: not a third of one
      const image = { size, pad: 114 };

      test(`waits while as many frames are open as may be, ${size} pixels (${decoder})`, async () => {
        const { frames } = hold({ maxOpenFrames: 3, image });

        await until(() => frames.length >= 3);
        await decoderRests();
        assert.is(frames.length, 3);

        frames[0]?.close();
        await until(() => frames.length >= 4);
        await decoderRests();
        assert.is(frames.length, 4);
        assert.is(frames[3]?.index, 3);
      });

      test(`loses nothing to a slow consumer, ${size} pixels (${decoder})`, async () => {
        const whole = await watch(fromVideo(clip('h264.mp4'), { decoder, image }), seen);
        const held = hold({ maxOpenFrames: 3, image });
        const prints: string[] = [];

        await until(() => held.frames.length >= 3);
        await decoderRests();
        for (let next = 0; next < 20; next++) {
          await until(() => held.frames.length > next);
          const frame = held.frames[next]!;
          prints.push(md5(frame.image));
          frame.close();
        }
        await until(() => held.end !== undefined);

        assert.is(held.end, 'complete');
        assert.equal(
          prints,
          whole.values.map((frame) => frame.md5),
        );
      });
    }

    test(`keeps the pixels of open frames apart (${decoder})`, async () => {
      const { frames } = hold({ maxOpenFrames: 4 });
      await until(() => frames.length >= 4);
      const before = frames.map(({ image }) => md5(image));

      frames[1]?.close();
      await until(() => frames.length >= 5);
      const open = frames.filter((frame) => !frame.closed);

      assert.equal(
        open.slice(0, 3).map(({ image }) => md5(image)),
        [before[0], before[2], before[3]],
      );
      assert.is(new Set(open.map(({ image }) => md5(image))).size, 4);
    });

    test(`refuses the pixels of a closed frame (${decoder})`, async () => {
      const { frames } = hold({ display: 64, source: 'gate' });
      await until(() => frames.length > 1);
      const frame = frames[1]!;

      frame.close();

      assert.is(frame.closed, true);
      for (const read of [() => frame.image, () => frame.display]) {
        await assert.rejects(read, { code: 'ERR_FRAME_CLOSED', message: /^Frame 1 of gate is/ });
      }
      assert.equal([frame.index, frame.width, frame.height], [1, 192, 144]);
    });

    test(`gives a frame's memory back once, however often it is closed (${decoder})`, async () => {
      const { frames } = hold({ maxOpenFrames: 3 });
      await until(() => frames.length >= 3);
      const first = frames[0]!;

      first.close();
      await until(() => frames.length >= 4); // which has the first one's memory now
      const print = md5(frames[3]!.image);
      first.close();
      first[Symbol.dispose]();
      await decoderRests();

      assert.is(frames.length, 4);
      assert.is(md5(frames[3]!.image), print);
    });

    test(`stops at once when unsubscribed, and its decoder goes (${decoder})`, async () => {
      let numFrames = 0;
      const subscription = fromVideo(clip('h264.mp4'), { decoder, loop: true }).subscribe(
        (frame) => {
          frame.close();
          numFrames += 1;
          if (numFrames === 5) {
            assert.ok(numDecoders() > 0, 'a decoder runs');
            subscription.unsubscribe();
          }
        },
      );

      await until(() => subscription.closed && numDecoders() === 0);
      await decoderRests();

      assert.is(numFrames, 5);
    });

    test(`stops a decoder that waits; open frames keep their pixels (${decoder})`, async () => {
      const { frames, subscription } = hold({ maxOpenFrames: 2, loop: true });
      await until(() => frames.length >= 2);
      await decoderRests();
      const prints = frames.map(({ image }) => md5(image));

      subscription.unsubscribe();
      await until(() => numDecoders() === 0);

      assert.equal(
        frames.map(({ image }) => md5(image)),
        prints,
      );
      frames.forEach((frame) => frame.close());
      assert.is(frames.length, 2);
    });

    test(`stops before its first frame (${decoder})`, async () => {
      const { frames, subscription } = hold();
      subscription.unsubscribe();
      await until(() => numDecoders() === 0);
      await decoderRests();

      assert.is(frames.length, 0);
    });

    test(`lets its decoder go at the end, at an error, and after maxFrames (${decoder})`, async () => {
      for (const [name, config] of [
        ['h264.mp4', {}],
        ['damaged-middle.mp4', {}],
        ['text.mp4', {}],
        ['h264.mp4', { maxFrames: 2 }],
      ] as const) {
        await watch(fromVideo(clip(name), { decoder, ...config }), seen);
        await until(() => numDecoders() === 0);
      }

      assert.is(numDecoders(), 0);
    });

    test(`has forgotten frames released by the garbage collector, with a warning (${decoder})`, async () => {
      const { stdout } = await runHelper('forgetFrames', [clip('h264.mp4'), decoder], {
        nodeOptions: ['--expose-gc'],
      });

      const { numFrames, warnings } = JSON.parse(stdout) as ForgetReport;
      assert.is(numFrames, 20);
      assert.is(warnings.length, 20);
      const [name, code, message = ''] = warnings[0] ?? [];
      assert.equal([name, code], ['PipelineWarning', 'FRAME_NOT_CLOSED']);
      assert.match(message, /^A frame of h264\.mp4 was never closed; call frame\.close\(\)/);
    });
  }

  test(
    'uses no more memory after 3,000 frames than after 500 (wasm)',
    async () => {
      const { stdout } = await runHelper('playLong', [clip('h264.mp4')]);

      const { numFrames, rssMb } = JSON.parse(stdout) as MemoryReport;
      assert.is(numFrames, 3_000);
      assert.is(rssMb.length, 6);
      const growth = (rssMb.at(-1) ?? NaN) - (rssMb[0] ?? NaN);
      assert.ok(growth < 60, `grew by ${growth} MB: ${rssMb.map(Math.round).join(' ')}`);
    },
    { timeoutMs: END_TO_END_MS },
  );
});

interface Held {
  readonly frames: Frame[];
  end: string | undefined;
  subscription: Subscription;
}

/** Child processes and worker threads of this process. */
function numDecoders(): number {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind === 'ProcessWrap' || kind === 'MessagePort').length;
}

/** Waits until this process, its threads and its children have come to rest. */
async function decoderRests(): Promise<void> {
  let used = Infinity;
  while (used > REST_CPU_MS) {
    const before = cpuMs();
    await new Promise<void>((resolve) => setTimeout(resolve, REST_WINDOW_MS));
    used = cpuMs() - before;
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + childrenCpuMs();
}

/** Processor time of running children; 0 where the system has no /proc to tell it. */
function childrenCpuMs(): number {
  try {
    const ids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    return ids.filter(Boolean).reduce((sum, id) => {
      const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return sum + 10 * (Number(fields[11]) + Number(fields[12])); // ticks of 10 ms
    }, 0);
  } catch {
    return 0; // no /proc, or the child has just ended
  }
}
