import { aborted, budget, maxObjects, noise, satisfied } from '../../../../models/index.ts';
import type { ReadObject, StopRule } from '../../../../models/index.ts';
import { resolveDecodeOptions } from '../../../../models/engine/decode/decodeOptions.ts';
import { StopChecks, rulesFor } from '../../../../models/engine/decode/stopping.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

const object = (numObjects: number, noiseChance = 0): ReadObject => ({
  numObjects,
  label: 'person',
  score: 1 - noiseChance,
  noise: noiseChance,
  isRepeat: false,
});

/** After which objects the rule fires, counted from 1, for objects of the given noise. */
function firings(rule: StopRule, noises: readonly number[]): number[] {
  const check = rule.start();
  return noises.flatMap((chance, i) =>
    check.afterObject?.(object(i + 1, chance)) === true ? [i + 1] : [],
  );
}

suite('maxObjects', (test) => {
  test('fires at the limit and beyond, not before', () => {
    assert.equal(firings(maxObjects(3), [0, 0, 0, 0]), [3, 4]);
    assert.equal(firings(maxObjects(1), [0]), [1]);
  });
});

suite('noise', (test) => {
  test('fires after as many noise objects in a row as its patience', () => {
    assert.equal(firings(noise(0.5, 1), [0.1, 0.9]), [2]);
    assert.equal(firings(noise(0.5, 2), [0.9, 0.1, 0.9, 0.9]), [4]);
    assert.equal(firings(noise(0.5, 3), [0.9, 0.9, 0.1, 0.9, 0.9]), []);
  });

  test('counts an object at the threshold as real', () => {
    assert.equal(firings(noise(0.5, 1), [0.5, 0.5001]), [2]);
  });

  test('counts an object that was read before as noise, however sure it is', () => {
    const check = noise(0.5, 2).start();
    const fires = [false, true, false, true, true].map((isRepeat, i) =>
      check.afterObject?.({ ...object(i + 1), isRepeat }),
    );

    assert.equal(fires, [false, false, false, false, true]);
  });

  test('begins to count anew with every frame', () => {
    const rule = noise(0.5, 2);

    assert.equal(firings(rule, [0.9]), []);
    assert.equal(firings(rule, [0.9, 0.9]), [2]);
  });
});

suite('budget', (test) => {
  test('fires from the deadline on, which begins with the frame', () => {
    let now = 1000;
    const rule = budget(40, () => now);
    now = 5000; // making the rule starts no clock
    const check = rule.start();

    assert.is(check.beforeCall?.(), false);
    now = 5039.9;
    assert.is(check.beforeCall?.(), false);
    now = 5040;
    assert.is(check.beforeCall?.(), true);
  });
});

suite('aborted', (test) => {
  test('fires once the signal is aborted', () => {
    const controller = new AbortController();
    const check = aborted(controller.signal).start();

    assert.is(check.beforeCall?.(), false);
    controller.abort();
    assert.is(check.beforeCall?.(), true);
  });
});

suite('satisfied', (test) => {
  const seen = (label: string, score = 0.9): ReadObject => ({ ...object(1), label, score });
  const after = (rule: StopRule, objects: readonly ReadObject[]): number =>
    objects.findIndex(
      (
        (check) => (each) =>
          check.afterObject?.(each)
      )(rule.start()),
    ) + 1;
  const street = [seen('car', 0.3), seen('person'), seen('car'), seen('person', 0.5), seen('dog')];

  test('fires at the object that meets the last wish', () => {
    assert.is(after(satisfied([{ limit: 1 }]), street), 1);
    assert.is(after(satisfied([{ classes: ['car'], limit: 2 }]), street), 3);
    assert.is(after(satisfied([{ classes: ['car'], minScore: 0.5, limit: 1 }]), street), 3);
    assert.is(after(satisfied([{ minScore: 0.5, limit: 3 }]), street), 4);
    assert.is(after(satisfied([{ limit: 1 }, { classes: ['dog'], limit: 1 }]), street), 5);
  });

  test('counts no object twice', () => {
    const again = { ...seen('person'), isRepeat: true };

    assert.is(after(satisfied([{ limit: 2 }]), [seen('person'), again, again, seen('dog')]), 4);
  });

  test('never fires for somebody without a limit, nor for what does not come', () => {
    assert.is(after(satisfied([{ limit: 1 }, {}]), street), 0);
    assert.is(after(satisfied([{ classes: ['cat'], limit: 1 }]), street), 0);
    assert.is(after(satisfied([{ classes: [], limit: 1 }]), street), 0);
  });

  test('begins to count anew with every frame', () => {
    const rule = satisfied([{ classes: ['car'], limit: 2 }]);

    assert.is(after(rule, street.slice(0, 2)), 0);
    assert.is(after(rule, street), 3);
  });
});

suite('rulesFor', (test) => {
  const reasons = (options: object, signal?: AbortSignal): string[] =>
    rulesFor(resolveDecodeOptions(options, tinyInfo()), signal).map(({ reason }) => reason);

  test('makes only the rules that the options turn on', () => {
    assert.equal(reasons({}), ['maxObjects']);
    assert.equal(reasons({ noiseThreshold: 1 }), ['maxObjects']);
    assert.equal(reasons({ noiseThreshold: 0.9 }), ['noise', 'maxObjects']);
    assert.equal(reasons({ budgetMs: 5 }), ['budget', 'maxObjects']);
    assert.equal(reasons({ demand: [{ limit: 1 }] }), ['filter', 'maxObjects']);
    assert.equal(reasons({ demand: [{ limit: 1 }, { classes: ['square'] }] }), ['maxObjects']);
  });

  test('puts the caller first, then the clock, then the model', () => {
    const { signal } = new AbortController();

    assert.equal(reasons({ budgetMs: 5, noiseThreshold: 0 }, signal), [
      'abort',
      'budget',
      'noise',
      'maxObjects',
    ]);
  });
});

suite('StopChecks', (test) => {
  test('reports the first rule of those that fire together', () => {
    const always = { afterObject: () => true, beforeCall: () => true };
    const first: StopRule = { reason: 'filter', start: () => always };
    const second: StopRule = { reason: 'budget', start: () => always };

    const checks = new StopChecks([first, second]);

    assert.is(checks.afterObject(object(1)), 'filter');
    assert.is(checks.beforeCall(), 'filter');
    assert.is(new StopChecks([second, first]).beforeCall(), 'budget');
  });

  test('asks every rule after each object, so that those behind keep their count', () => {
    let numAsked = 0;
    const counting: StopRule = {
      reason: 'filter',
      start: () => ({ afterObject: () => ((numAsked += 1), false) }),
    };

    const checks = new StopChecks([maxObjects(1), counting]);
    checks.afterObject(object(1));
    checks.afterObject(object(2));

    assert.is(numAsked, 2);
  });

  test('reports nothing while no rule fires, and nothing without rules', () => {
    const checks = new StopChecks([maxObjects(2), noise(0.5, 1)]);

    assert.is(checks.beforeCall(), undefined);
    assert.is(checks.afterObject(object(1)), undefined);
    assert.is(new StopChecks([]).beforeCall(), undefined);
    assert.is(new StopChecks([]).afterObject(object(99, 1)), undefined);
  });
});
