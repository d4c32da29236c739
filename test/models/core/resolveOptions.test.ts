import type { OptionTable } from '../../../models/core/options.ts';
import { pickOptions, resolveOptions } from '../../../models/core/resolveOptions.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

interface Sizes {
  readonly width: number;
  readonly scale?: number;
  readonly unit?: 'mm' | 'inch';
  readonly border?: { readonly thickness?: number } | undefined;
  readonly onDone?: (() => void) | undefined;
  readonly threads?: number;
}

const OPTIONS: OptionTable<Sizes> = {
  width: { type: 'integer', min: 1, required: true },
  scale: { type: 'number', above: 0, default: 2 },
  unit: { type: 'choice', values: ['mm', 'inch'], default: 'mm' },
  border: { type: 'group', table: { thickness: { type: 'number', default: 3 } } },
  onDone: { type: 'hook' },
  threads: { type: 'integer', min: 1, defaultText: 'the cores' },
};

const resolve = (given: object): Required<Sizes> =>
  resolveOptions<Sizes>('resize', OPTIONS, given as Sizes, { threads: 4 });

suite('resolveOptions', (test) => {
  test('fills in the defaults, of groups that are given too; what has none stays open', () => {
    const open = { border: undefined, onDone: undefined };

    assert.equal(resolve({ width: 5 }), { width: 5, scale: 2, unit: 'mm', ...open, threads: 4 });
    assert.equal(resolve({ width: 5, border: {} }).border, { thickness: 3 });
  });

  test('keeps what is given; undefined is not given', () => {
    const onDone = (): void => undefined;
    const given = { width: 5, scale: 0.5, unit: 'inch', border: { thickness: 1 }, threads: 1 };

    assert.equal(resolve({ ...given, onDone }), { ...given, onDone });
    assert.is(resolve({ width: 5, scale: undefined }).scale, 2);
  });

  const wrong: readonly (readonly [object, string, RegExp])[] = [
    [{}, 'TypeError', /^Expected `width` to be a finite number >= 1, got `undefined`/],
    [{ width: 0 }, 'RangeError', /^Expected `width`.*>= 1, got `0`/],
    [{ width: 1, scale: 0 }, 'RangeError', /^Expected `scale`.* > 0/],
    [{ width: 1, unit: 'inc' }, 'TypeError', /did you mean `inch`\?$/],
    [
      { width: 1, Scale: 1 },
      'TypeError',
      /^Unknown option `Scale` of resize; did you mean `scale`\?/,
    ],
    [{ width: 1, border: { Thickness: 1 } }, 'TypeError', /`Thickness` of border; .*`thickness`\?/],
    [{ width: 1, border: 3 }, 'TypeError', /^Expected `border` to be an object/],
    [{ width: 1, onDone: 'x' }, 'TypeError', /^Expected `onDone` to be a function, got `x`/],
  ];
  for (const [given, name, message] of wrong) {
    test(`refuses ${JSON.stringify(given)}`, async () => {
      await assert.rejects(() => resolve(given), { name, message });
    });
  }

  test('does not go on without a default that is found out at run time', async () => {
    await assert.rejects(() => resolveOptions<Sizes>('resize', OPTIONS, { width: 1 }), {
      name: 'TypeError',
      message: /`threads`/,
    });
  });
});

suite('pickOptions', (test) => {
  test('takes what the table has a row for, and is there', () => {
    assert.equal(pickOptions(OPTIONS, { width: 3, scale: undefined, height: 2 }), { width: 3 });
  });
});
