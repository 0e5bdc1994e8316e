/** Reads a TensorFlow.js model from disk: `model.json` and the weight files that it names, all in one folder. */
import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError, messageOf, systemCodeOf } from '../../../shared/errors.js';
import { MODEL_LIMITS, parseModelJson, weightPaths } from './model-json.js';
import { decodeWeights, type StoredModel } from './stored-weights.js';

const MODEL_FILE = 'model.json';

/**
 * The model at `path`, its folder or its `model.json`.
 * Throws `UserError` where files are missing, no regular files, too large, or not what they should be.
 */
export async function readModelFiles(path: string): Promise<StoredModel> {
  const file = path.endsWith('.json') ? path : join(path, MODEL_FILE);
  const text = new TextDecoder().decode(await readRegularFile(file, MODEL_LIMITS.jsonBytes));
  const model = parseModelJson(file, text);
  const total = model.groups.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const files = new Map<string, Uint8Array>();
  for (const name of weightPaths(model)) files.set(name, await readRegularFile(join(dirname(file), name), total));
  return decodeWeights(model, files);
}

/** Reads at most `limit` bytes: devices and pipes, which never end, are refused, and so are files beyond the limit. */
async function readRegularFile(path: string, limit: number): Promise<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new UserError(`${path}: expected a file (choose another model)`);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > limit)
        throw new UserError(`${path}: expected at most ${limit} bytes, found ${size} (choose another model)`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError || systemCodeOf(error) === undefined) throw error;
    const found = systemCodeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new UserError(`${path}: cannot be read, ${found} (check the path, or get the model again)`, { cause: error });
  }
}
