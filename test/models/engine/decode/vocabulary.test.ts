import {
  dequantize,
  quantize,
  tokenToClass,
  tokenToUnit,
  unitToToken,
} from '../../../../models/engine/decode/vocabulary.ts';
import type { Vocabulary } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const official: Vocabulary = {
  size: 3000,
  eos: 0,
  prompt: [10],
  noise: 30,
  classBase: 100,
  coordinateBase: 1000,
  bins: 1000,
};

suite('quantize', (test) => {
  test('rounds halves to the even bin', () => {
    const cases: [number, number][] = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [498.5, 498],
      [499.5, 500],
      [500.5, 500],
      [998.5, 998],
    ];

    for (const [position, bin] of cases) {
      assert.is(quantize(position / 1024, 1025), bin, `${position} of 1024`); // 1024: halves stay exact
    }
  });

  test('rounds everything else to the nearest bin', () => {
    assert.is(quantize(0.4999 / 999, 1000), 0);
    assert.is(quantize(0.5001 / 999, 1000), 1);
    assert.is(quantize(498.4999 / 999, 1000), 498);
    assert.is(quantize(498.5001 / 999, 1000), 499);
  });

  test('clips what lies outside to the first and the last bin', () => {
    for (const bins of [2, 500, 1000, 2000]) {
      assert.is(quantize(-0.1, bins), 0);
      assert.is(quantize(-1e9, bins), 0);
      assert.is(quantize(1.2, bins), bins - 1);
      assert.is(quantize(Infinity, bins), bins - 1);
    }
  });
});

suite('dequantize', (test) => {
  test('maps the first bin to 0 and the last to 1', () => {
    for (const bins of [2, 500, 1000, 2000]) {
      assert.is(dequantize(0, bins), 0);
      assert.is(dequantize(bins - 1, bins), 1);
    }
  });

  test('brings every unit coordinate back within half a bin', () => {
    for (const bins of [500, 1000, 2000]) {
      const halfBin = 0.5 / (bins - 1);
      for (let i = 0; i <= 10_000; i++) {
        const unit = i / 10_000;
        const error = Math.abs(dequantize(quantize(unit, bins), bins) - unit);
        assert.ok(error <= halfBin + 1e-12, `${unit} in ${bins} bins is off by ${error}`);
      }
    }
  });

  test('brings every bin back exactly', () => {
    for (const bins of [500, 1000, 2000]) {
      for (let bin = 0; bin < bins; bin++) {
        assert.is(quantize(dequantize(bin, bins), bins), bin);
      }
    }
  });
});

suite('unitToToken', (test) => {
  test('gives the tokens of the official code for 1000 bins', () => {
    const cases: [number, number][] = [
      [0, 1000],
      [0.25, 1250],
      [0.333333, 1333],
      [0.5, 1500], // 499.5 goes to the even 500
      [0.999, 1998],
      [1, 1999],
      [1.2, 1999],
      [-0.1, 1000],
    ];

    for (const [unit, token] of cases) {
      assert.is(unitToToken(unit, official), token, String(unit));
    }
  });

  test('stays within the coordinate tokens', () => {
    const vocabulary = { ...official, coordinateBase: 7, bins: 500 };

    assert.is(unitToToken(-3, vocabulary), 7);
    assert.is(unitToToken(3, vocabulary), 506);
  });
});

suite('tokenToUnit', (test) => {
  test('undoes unitToToken', () => {
    for (const token of [1000, 1001, 1500, 1998, 1999]) {
      assert.is(unitToToken(tokenToUnit(token, official), official), token);
    }
  });

  test('clips tokens of another kind to 0 and 1', () => {
    assert.is(tokenToUnit(0, official), 0);
    assert.is(tokenToUnit(999, official), 0);
    assert.is(tokenToUnit(1000, official), 0);
    assert.is(tokenToUnit(1999, official), 1);
    assert.is(tokenToUnit(2000, official), 1);
    assert.is(tokenToUnit(2999, official), 1);
  });
});

suite('tokenToClass', (test) => {
  test('counts labels from the first class token', () => {
    assert.is(tokenToClass(100, official, 80), 0);
    assert.is(tokenToClass(179, official, 80), 79);
  });

  test('refuses tokens on either side with ERR_TOKEN_RANGE', async () => {
    for (const token of [99, 180, 30, 0, 1000]) {
      await assert.rejects(() => tokenToClass(token, official, 80), {
        code: 'ERR_TOKEN_RANGE',
        message: new RegExp(`^Expected a class token from 100 to 179, got ${token}$`),
      });
    }
  });
});
