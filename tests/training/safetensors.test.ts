/** Safetensors files: round trips, the reference implementation's bytes, and files that are damaged or mean harm. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/shared/errors.js';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '../../src/training/safetensors.js';

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-safetensors-'));
  path = join(folder, 'weights.safetensors');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A file with the given header (an object, or text as it is) and so many bytes behind it. */
async function writeRaw(header: unknown, dataBytes: number, claimed?: bigint): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
}

describe('round trips', () => {
  test('floats, halves and integers, with metadata, scalars and empty tensors', async () => {
    const values = Float32Array.of(1, -0, 3.5, 1e-30, Infinity, NaN);
    await writeSafetensors(
      path,
      {
        'z/kernel': { shape: [2, 3], values },
        half: { shape: [3], values: Float32Array.of(0.1, -65504, 2 ** -24), dtype: 'F16' },
        ids: { shape: [2], values: Int32Array.of(-1, 2 ** 31 - 1) },
        scalar: { shape: [], values: Float32Array.of(7) },
        empty: { shape: [0, 4], values: new Float32Array(0) },
      },
      { note: 'ünïcode', format: 'tf' },
    );
    const { tensors, integers, metadata } = await readSafetensors(path);
    expect(tensors.get('z/kernel')).toEqual({ shape: [2, 3], values });
    expect(tensors.get('half')).toEqual({ shape: [3], values: Float32Array.of(0.0999755859375, -65504, 2 ** -24) });
    expect(tensors.get('scalar')).toEqual({ shape: [], values: Float32Array.of(7) });
    expect(tensors.get('empty')).toEqual({ shape: [0, 4], values: new Float32Array(0) });
    expect(integers.get('ids')).toEqual({ shape: [2], values: Int32Array.of(-1, 2 ** 31 - 1) });
    expect(metadata).toEqual({
      note: 'ünïcode',
      format: 'tf',
      crc32: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    });
    expect(await readdir(folder)).toEqual(['weights.safetensors']);
  });

  test('any names and values', async () => {
    const tensor = fc.array(fc.float({ noNaN: true }), { maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: 'grapheme' }), tensor), async (all) => {
        const named = Object.entries(all).filter(([name]) => name !== '__metadata__');
        const tensors = named.map(([name, values]) => [
          name,
          { shape: [values.length], values: Float32Array.from(values) },
        ]);
        await writeSafetensors(path, Object.fromEntries(tensors) as never);
        const read = (await readSafetensors(path)).tensors;
        expect(new Map([...read].sort())).toEqual(new Map((tensors as [string, unknown][]).sort()));
      }),
      { numRuns: 50 },
    );
  });

  test("equals the reference implementation's bytes (safetensors 0.8.0 for Python)", async () => {
    const header =
      '{"__metadata__":{"crc32":"b4c6bc79"},' +
      '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[3],"data_offsets":[4,10]}}';
    const expected = Buffer.concat([
      Buffer.from('9000000000000000', 'hex'),
      Buffer.from(header),
      Buffer.from('0000803f004000420044', 'hex'),
    ]);
    const b = { shape: [3], values: Float32Array.of(2, 3, 4), dtype: 'F16' } as const;
    await writeSafetensors(path, { b, a: { shape: [1], values: Float32Array.of(1) } });
    expect(await readFile(path)).toEqual(expected);
  });

  test('the same tensors give the same bytes in any order, aligned to 8', async () => {
    const a = { shape: [1], values: Float32Array.of(1) };
    const b = { shape: [3], values: Float32Array.of(2, 3, 4), dtype: 'F16' } as const;
    await writeSafetensors(path, { a, b });
    const first = await readFile(path);
    await writeSafetensors(path, { b, a });
    expect(await readFile(path)).toEqual(first);
    expect((8 + Number(first.readBigUInt64LE())) % 8).toBe(0);
    const { entries } = await readSafetensorsHeader(path);
    expect(entries.map(({ name, begin, end }) => [name, begin, end])).toEqual([
      ['a', 0, 4],
      ['b', 4, 10],
    ]);
  });
});

describe('writing', () => {
  test('refuses what half precision cannot hold, and leaves the old file', async () => {
    await writeFile(path, 'old');
    const writing = writeSafetensors(path, { w: { shape: [2], values: Float32Array.of(1, 70_000), dtype: 'F16' } });
    await expect(writing).rejects.toThrow(/tensor "w": value 70000 does not fit half precision/);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['weights.safetensors']);
  });

  test('a folder that does not exist', async () => {
    await expect(writeSafetensors(join(folder, 'none', 'x'), {})).rejects.toThrow(/cannot be written.*no such folder/);
  });

  test('a shape that does not fit is a defect', async () => {
    await expect(writeSafetensors(path, { w: { shape: [3], values: new Float32Array(2) } })).rejects.toThrow(
      'w: 2 values',
    );
  });
});

describe('files that are not as they should be', () => {
  const F32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });

  async function expectRefusal(message: RegExp): Promise<void> {
    const error: unknown = await readSafetensors(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    expect((error as UserError).message).toContain(path);
  }

  /** Deep enough for what walks through it recursively to fail. */
  const DEPTH = 100_000;
  const nested = (before: string, after: string): string => `${before}${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}${after}`;

  test('no such file, a folder', async () => {
    await expectRefusal(/there is no such file/);
    path = folder;
    await expectRefusal(/cannot be read/);
  });

  test.each([
    ['an object instead of the shape', { w: F32(0, 8, { length: 2 }) }, 8, /expected a shape of whole numbers/],
    ['a negative size', { w: F32(0, 8, [-2, -1]) }, 8, /expected a shape of whole numbers, found \[-2,-1\]/],
    ['a fraction', { w: F32(0, 8, [0.5, 4]) }, 8, /expected a shape of whole numbers/],
    ['too few bytes for the shape', { w: F32(0, 8, [3]) }, 8, /expected 12 bytes for F32 \[3\], found 8/],
    ['a product beyond all numbers', { w: F32(0, 8, Array(40).fill(2 ** 52)) }, 8, /expected Infinity bytes/],
    ['a product that would overflow 64 bits to 8', { w: F32(0, 8, [2 ** 32, 2 ** 31 + 1]) }, 8, /expected .* bytes/],
    ['an unknown type', { w: { ...F32(0, 8), dtype: 'F8' } }, 8, /expected dtype F32, F16, I32, found "F8"/],
    ['a type that is a method of objects', { w: { ...F32(0, 8), dtype: 'toString' } }, 8, /expected dtype/],
    ['three offsets', { w: { ...F32(0, 8), data_offsets: [0, 4, 8] } }, 8, /expected data_offsets/],
    ['offsets backwards', { w: F32(8, 0, [2]) }, 8, /expected 8 bytes .* found -8/],
    ['offsets beyond the file', { w: F32(0, 80) }, 8, /expected 80 bytes of tensors, found 8: the file is cut short/],
    ['a hole', { a: F32(0, 4), b: F32(8, 12) }, 12, /"b" leaves a hole before it/],
    ['a hole at the start', { a: F32(4, 8) }, 8, /"a" leaves a hole/],
    ['an overlap', { a: F32(0, 8), b: F32(4, 12) }, 12, /"b" overlaps the tensor before it/],
    ['the same bytes twice', { a: F32(0, 8), b: F32(0, 8) }, 8, /overlaps/],
    ['bytes left over', { a: F32(0, 8) }, 12, /expected 8 bytes of tensors, found 12/],
    ['a tensor that is no object', { a: 3 }, 0, /tensor "a": expected \{dtype/],
    ['a null tensor', { a: null }, 0, /tensor "a": expected/],
    ['an array', [], 0, /JSON object/],
    ['metadata with a number', { __metadata__: { a: 1 } }, 0, /to hold strings/],
    ['metadata that is a list', { __metadata__: [] }, 0, /object of strings/],
    ['no JSON', '{"a": ', 0, /expected a header in JSON/],
    ['space before the object', '  {}', 0, /expected the header to be a JSON object/],
    ['nothing', '', 0, /expected a header in JSON/],
    [
      'metadata nested without end',
      nested('{"__metadata__":{"a":', '}}'),
      0,
      /found objects or lists more than 3 deep/,
    ],
    ['a type nested without end', nested('{"a":{"dtype":', '}}'), 0, /found objects or lists more than 3 deep/],
    [
      'a shape nested without end',
      nested('{"a":{"dtype":"F32","shape":', '}}'),
      0,
      /found objects or lists more than 3 deep/,
    ],
    ['brackets that never close', '['.repeat(DEPTH), 0, /found objects or lists more than 3 deep/],
  ])('%s', async (_, header, dataBytes, message) => {
    await writeRaw(header, dataBytes);
    await expectRefusal(message);
  });

  test('a name twice, also when written differently, and a key twice', async () => {
    const entry = JSON.stringify(F32(0, 4));
    await writeRaw(`{"w": ${entry}, "\\u0077": ${entry}}`, 4);
    await expectRefusal(/expected each name once, found "w" twice/);
    await writeRaw('{"w": {"dtype": "F32", "shape": [1], "shape": [1], "data_offsets": [0, 4]}}', 4);
    await expectRefusal(/found "shape" twice/);
    await writeRaw(`{"a": ${entry}, "b": ${JSON.stringify(F32(4, 8))}, "__metadata__": {"a": "\\"{[:", "b": "a"}}`, 8);
    expect([...(await readSafetensors(path)).tensors.keys()]).toEqual(['a', 'b']);
  });

  test('a name that means something in JavaScript is a name like any other', async () => {
    await writeRaw(`{"__proto__": ${JSON.stringify(F32(0, 4))}}`, 4);
    expect([...(await readSafetensors(path)).tensors.keys()]).toEqual(['__proto__']);
  });

  test('bytes that are no UTF-8', async () => {
    await writeFile(path, Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d]));
    await expectRefusal(/expected a header in JSON/);
  });

  test('a header length that lies', async () => {
    await writeRaw({}, 0, 2n ** 63n);
    await expectRefusal(/at most 100000000 bytes, found one that claims 9223372036854775808/);
    await writeRaw({}, 0, 50n);
    await expectRefusal(/expected a header of 50 bytes, found a file of 10 bytes/);
  });

  // Windows would write the zeros out.
  test.skipIf(process.platform === 'win32').each(['F32', 'F16'])('more %s than memory holds', async (dtype) => {
    const bytes = 4e12;
    const header = { w: { dtype, shape: [bytes / (dtype === 'F32' ? 4 : 2)], data_offsets: [0, bytes] } };
    await writeRaw(header, 0);
    await truncate(path, 8 + JSON.stringify(header).length + bytes);
    await expectRefusal(/expected tensors of at most .* GB in the largest, found .*0\.0 GB in the largest/);
  });

  test('errors stay short, whatever stands in the file', async () => {
    const long = 'x'.repeat(10_000);
    for (const header of [
      { __metadata__: { a: [long] } },
      { [long]: 1 },
      { w: { ...F32(0, 4), dtype: long } },
      { w: { ...F32(0, 4), shape: new Array(10_000).fill(2) } },
    ]) {
      await writeRaw(header, 4);
      const error: unknown = await readSafetensors(path).catch((thrown: unknown) => thrown);
      expect((error as UserError).message.length).toBeLessThan(400 + path.length);
    }
  });

  test('every way to cut a file short', async () => {
    await writeSafetensors(path, { w: { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) } }, { a: 'b' });
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expectRefusal(/found|JSON/);
    }
  });

  test('a byte changed anywhere in the header never crashes', async () => {
    await writeSafetensors(path, {
      w: { shape: [2], values: Float32Array.of(1, 2) },
      v: { shape: [1], values: Int32Array.of(3) },
    });
    const whole = await readFile(path);
    for (let index = 0; index < whole.length - 12; index++) {
      for (const flip of [0x01, 0x10, 0x80]) {
        const changed = Buffer.from(whole);
        changed[index] = (changed[index] ?? 0) ^ flip;
        await writeFile(path, changed);
        await readSafetensors(path).catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
      }
    }
  });

  test('a bit changed anywhere in the values, unless the checksum was taken out', async () => {
    await writeSafetensors(path, {
      w: { shape: [2], values: Float32Array.of(1, 2), dtype: 'F16' },
      v: { shape: [1], values: Int32Array.of(3) },
    });
    const whole = await readFile(path);
    for (let index = whole.length - 8; index < whole.length; index++) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      await writeFile(path, changed);
      await expectRefusal(/expected values with the checksum "[0-9a-f]{8}", found "[0-9a-f]{8}" \(the file is damaged/);
      changed.write('none_', changed.indexOf('crc32'));
      await writeFile(path, changed);
      await expect(readSafetensors(path)).resolves.toBeDefined();
    }
  });
});
