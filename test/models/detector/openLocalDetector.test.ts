import { maxObjects, noise, openLocalDetector } from '../../../models/index.ts';
import type { StopReason, StopRule } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { TINY, TINY_BYTES, TINY_TOKENS } from '../../support/models/tinyModel.ts';

suite('openLocalDetector', (test) => {
  const image = new Uint8Array(TINY_BYTES);

  test('reads the script of the tiny model', async () => {
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu', threads: 1 });
    using features = await detector.encode(image);

    const found = await detector.decode(features);

    assert.equal([...found.tokens], TINY_TOKENS);
    assert.is(found.stop, 'eos');
    assert.is(detector.device, 'cpu');
    assert.ok(features.encodeMs > 0 && found.tokensMs > 0);
  });

  test('says which rule fired, and final false for budget and abort alone', async () => {
    const reasons: StopReason[] = ['eos', 'noise', 'maxObjects', 'budget', 'filter', 'abort'];

    for (const reason of reasons) {
      const rule: StopRule = { reason, start: () => ({ afterObject: () => true }) };
      await using detector = await openLocalDetector({ model: TINY, device: 'cpu', rules: [rule] });
      using features = await detector.encode(image);

      const found = await detector.decode(features);

      assert.is(found.stop, reason);
      assert.is(found.final, reason !== 'budget' && reason !== 'abort', reason);
      assert.is(found.scores.length, 1);
    }
  });

  test('puts rules of its own before those of the options', async () => {
    const options = { noiseThreshold: 0.5, noisePatience: 2, maxObjects: 4 };
    const stopWith = async (rules: StopRule[]): Promise<StopReason> => {
      await using detector = await openLocalDetector({ model: TINY, device: 'cpu', rules });
      using features = await detector.encode(image);
      return (await detector.decode(features, options)).stop;
    };

    assert.is(await stopWith([]), 'noise'); // all three would fire at the fourth object
    assert.is(await stopWith([maxObjects(4), noise(0.5, 2)]), 'maxObjects');
  });

  test('starts its own rules once a frame, not while opening', async () => {
    let numStarted = 0;
    const rule: StopRule = { reason: 'filter', start: () => ((numStarted += 1), {}) };
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu', rules: [rule] });
    assert.is(numStarted, 0);
    using features = await detector.encode(image);

    await detector.decode(features);
    await detector.decode(features);

    assert.is(numStarted, 2);
  });

  test('goes on after a run that failed', async () => {
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu' });

    const bad = detector.encode(new Uint8Array(3));
    const good = detector.encode(image);

    await assert.rejects(bad, { name: 'RangeError' });
    using features = await good;
    assert.is((await detector.decode(features)).scores.length, 5);
  });

  test('rejects wrong decode options, and does not throw them', async () => {
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu' });
    using features = await detector.encode(image);

    const asked = detector.decode(features, { maxObjects: 0 });

    await assert.rejects(asked, { name: 'RangeError', message: /maxObjects/ });
  });

  test('rejects what uses features after they are closed, and says so', async () => {
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu' });
    const features = await detector.encode(image);
    features.close();
    features.close();

    const message = /features are used before they are closed/;
    await assert.rejects(detector.decode(features), { message });
    const asked = features.read();
    await assert.rejects(asked, { message });
  });

  test('rejects runs once closed and may be closed twice', async () => {
    const detector = await openLocalDetector({ model: TINY, device: 'cpu' });
    const features = await detector.encode(image);

    await detector.close();
    await detector.close();

    await assert.rejects(detector.encode(image), { code: 'ERR_MODEL_RUN' });
    await assert.rejects(detector.decode(features), { code: 'ERR_MODEL_RUN' });
  });

  test('finishes what was asked for before it closes', async () => {
    const detector = await openLocalDetector({ model: TINY, device: 'cpu' });
    const features = await detector.encode(image);

    const asked = detector.decode(features);
    await detector.close();

    assert.is((await asked).scores.length, 5);
  });

  test('refuses unknown options and wrong values', async () => {
    const cases: [object, RegExp][] = [
      [{ modle: TINY }, /`modle` of openLocalDetector; did you mean `model`/],
      [{ device: 'gpu' }, /`device` to be one of auto, cpu, .*got `gpu`/],
      [{ threads: 0 }, /`threads` to be a finite number >= 1, got `0`/],
      [{ threads: 1.5 }, /`threads` to be a whole number/],
    ];

    for (const [options, message] of cases) {
      await assert.rejects(openLocalDetector(options), { message });
    }
  });

  test('says why a device cannot be had', async () => {
    const device = process.platform === 'win32' ? 'coreml' : 'dml';

    await assert.rejects(openLocalDetector({ model: TINY, device }), {
      code: 'ERR_MODEL_LOAD',
      message: new RegExp(`on ${device}: `),
    });
  });
});
