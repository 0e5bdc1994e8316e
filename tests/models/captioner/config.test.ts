/** Which configurations of captioners are taken, older ones among them, and what is said of the others. */
import { describe, expect, test } from 'vitest';
import { captionerDefaults, validateCaptionerConfig } from '../../../src/models/captioner/index.js';
import { UserError } from '../../../src/shared/errors.js';

const VALID = { ...captionerDefaults, vocabularySize: 100 };

describe('validateCaptionerConfig', () => {
  test('gives a valid config back, through JSON too', () => {
    expect(validateCaptionerConfig(VALID, 'config.json')).toEqual(VALID);
    expect(validateCaptionerConfig(JSON.parse(JSON.stringify(VALID)), 'config.json')).toEqual(VALID);
  });

  test('takes a config from before there was a choice of readouts', () => {
    const { readout, ...before } = VALID;
    expect(validateCaptionerConfig(before, 'config.json')).toEqual({ ...before, readout: 'state' });
    expect(readout).toBe('deep');
  });

  test.each([
    [{ readout: 'wide' }, 'config.json.readout: expected one of state, deep, got "wide"'],
    [{ cell: 'mamba' }, 'config.json.cell: expected one of rnn, lstm, gru, got "mamba"'],
    [{ entry: 3 }, 'config.json.entry: expected one of first-input'],
    [{ hiddenSize: 0 }, 'config.json.hiddenSize: expected a whole number from 1 to 1000000, got 0'],
    [{ hiddenSize: 1e12 }, 'config.json.hiddenSize: expected a whole number'],
    [{ layers: 1.5 }, 'config.json.layers: expected a whole number'],
    [
      { vocabularySize: undefined },
      'config.json.vocabularySize: expected a whole number from 2 to 1000000, got nothing',
    ],
    [{ tiedOutput: 'yes' }, 'config.json.tiedOutput: expected true or false, got "yes"'],
    [{ dropout: 0.5 }, 'config.json.dropout: expected an object, got 0.5'],
    [{ dropout: { ...VALID.dropout, output: 1 } }, 'config.json.dropout.output: expected a number in [0, 1), got 1'],
    [{ color: 'red' }, 'config.json: unknown field "color"'],
  ])('refuses %j', (change, message) => {
    expect(() => validateCaptionerConfig({ ...VALID, ...change }, 'config.json')).toThrow(UserError);
    expect(() => validateCaptionerConfig({ ...VALID, ...change }, 'config.json')).toThrow(message);
  });

  test.each([null, 7, 'text', []])('refuses %j', (value) => {
    expect(() => validateCaptionerConfig(value, 'config.json')).toThrow(/config\.json: expected an object/);
  });
});
