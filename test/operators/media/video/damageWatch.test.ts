import { DamageWatch } from '../../../../operators/media/video/damageWatch.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const STEP = 0.1;
const FAILURE = { text: 'Error while decoding', isFailure: true, isOfFile: false };
const OF_FILE = { text: 'File ended prematurely', isFailure: false, isOfFile: true };
const REMARK = { text: 'SEI type 5 truncated', isFailure: false, isOfFile: false };

/** Delivers pictures at these times. @returns those before which damage was found */
function deliver(watch: DamageWatch, times: readonly number[]): number[] {
  return times.filter((pts) => {
    const isBehindHole = watch.isHole(pts, STEP);
    const isDamaged = isBehindHole && watch.isDamage;
    if (isDamaged) {
      watch.reset();
    }
    watch.deliver(pts, isBehindHole);
    return isDamaged;
  });
}

suite('DamageWatch', (test) => {
  test('takes no pause for damage where nothing failed', () => {
    const watch = new DamageWatch();

    assert.equal(deliver(watch, [0, 0.1, 0.2, 5, 5.1]), []);
    assert.is(watch.isDamagedAtEnd(5.2, STEP), false);
  });

  test('takes no remark of a decoder for damage, pause or not', () => {
    const watch = new DamageWatch();
    watch.onComplaint(REMARK);

    assert.equal(deliver(watch, [0, 0.1, 2]), []);
    assert.is(watch.isDamagedAtEnd(9, STEP), false);
  });

  for (const numBefore of [0, 1, 3, 5]) {
    test(`finds the hole in its place where the failure is heard ${numBefore} pictures in`, () => {
      const watch = new DamageWatch();
      const times = [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7];

      const early = deliver(watch, times.slice(0, numBefore));
      watch.onComplaint(FAILURE);

      assert.equal([...early, ...deliver(watch, times.slice(numBefore))], [0.6]);
      assert.is(watch.isDamagedAtEnd(undefined, STEP), false, 'it was told');
    });
  }

  test('finds a hole among pictures that come at a variable rate only where it is longer than they are apart', () => {
    const watch = new DamageWatch();
    deliver(watch, [0, 0.3, 0.4, 0.5]);
    watch.onComplaint(FAILURE);

    assert.equal(deliver(watch, [0.8, 0.9, 1.5, 1.6]), [1.5]);
  });

  test('forgives what fails before a recording begins that was cut out of a broadcast', () => {
    const watch = new DamageWatch();
    watch.onComplaint(FAILURE);
    watch.onComplaint(FAILURE);

    assert.equal(deliver(watch, [0.9, 1, 1.1]), []);
    assert.is(watch.isDamagedAtEnd(undefined, STEP), false);
  });

  test('tells a failure at the end that no hole told of, whenever it was heard', () => {
    const watch = new DamageWatch();
    watch.onComplaint(FAILURE);
    deliver(watch, [0, 0.1, 0.2]);

    assert.is(watch.isDamagedAtEnd(0.3, STEP), true);
  });

  const lengths: readonly (readonly [string, number | undefined, boolean])[] = [
    ['shorter than its container says', 3, true],
    ['as long as its container says', 0.35, false],
    ['of unknown length', undefined, true],
  ];
  for (const [what, duration, isDamaged] of lengths) {
    test(`${isDamaged ? 'takes' : 'does not take'} a file that its demuxer complains of for cut short where it is ${what}`, () => {
      const watch = new DamageWatch();
      deliver(watch, [0, 0.1, 0.2]);
      watch.onComplaint(OF_FILE);

      assert.is(watch.isDamagedAtEnd(duration, STEP), isDamaged);
    });
  }
});
