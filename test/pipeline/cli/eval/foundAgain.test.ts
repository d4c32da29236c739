import { foundAgain } from '../../../../pipeline/cli/eval/foundAgain.ts';
import type { ScoredBox, Xywh } from '../../../../pipeline/cli/eval/match.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const box = (xywh: Xywh, score = 0.9, categoryId = 1): ScoredBox => ({ categoryId, xywh, score });

suite('foundAgain', (test) => {
  test('counts the objects of all frames that another reading has, and how well they agree', () => {
    const one = box([0, 0, 10, 10]);
    const two = box([50, 0, 10, 10]);

    const frames = [
      { reference: [one, two], found: [box([0, 0, 10, 8], 0.1)] },
      { reference: [one], found: [one, two] },
      { reference: [], found: [two] },
    ];

    assert.equal(foundAgain(frames), { recall: 2 / 3, overlap: 0.9 });
  });

  test('takes no other class, no second object for one find, and half an overlap at least', () => {
    const wanted = box([0, 0, 10, 10]);

    const ofClass = { reference: [wanted], found: [box([0, 0, 10, 10], 0.9, 2)] };
    const twice = { reference: [wanted, wanted], found: [wanted] };
    const less = { reference: [wanted], found: [box([0, 0, 10, 4.9])] };

    assert.is(foundAgain([ofClass]).recall, 0);
    assert.is(foundAgain([twice]).recall, 0.5);
    assert.is(foundAgain([less]).recall, 0);
  });

  test('takes the find of the better score, as COCO does', () => {
    const reference = [box([0, 0, 10, 10])];
    const found = [box([0, 0, 10, 10], 0.1), box([0, 0, 10, 8], 0.9)];

    assert.is(foundAgain([{ reference, found }]).overlap, 0.8);
  });

  test('asks for no object below a score of 0.3', () => {
    const reference = [box([0, 0, 10, 10], 0.3), box([50, 0, 10, 10], 0.29)];

    assert.equal(foundAgain([{ reference, found: reference }]), { recall: 1, overlap: 1 });
    const none = { recall: undefined, overlap: undefined };
    assert.equal(foundAgain([{ reference: reference.slice(1), found: reference }]), none);
  });
});
