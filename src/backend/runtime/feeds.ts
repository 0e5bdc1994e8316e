/** What a run is fed with: native tensors over values that are known. */
import { type DataRecord, type HostValues, type NativeTensor, sameShape, type TensorSpec } from '../graph/types.js';
import { nativeTensor } from './native.js';

/** The native tensor that feeds a record's values under the shape given. */
export function feedOf(record: DataRecord, spec: TensorSpec): NativeTensor {
  const { state } = record;
  switch (state.kind) {
    case 'result':
      if (sameShape(state.tensor.dims, spec.shape)) return state.tensor;
      return cachedFeed(record, spec, state.tensor.data);
    case 'host':
      return cachedFeed(record, spec, state.values);
    case 'failed':
      throw state.error;
    case 'pending':
    case 'placeholder':
      throw new Error(`a value that is ${state.kind} cannot be fed`);
  }
}

function cachedFeed(record: DataRecord, spec: TensorSpec, values: HostValues): NativeTensor {
  const key = spec.shape.join(',');
  let feed = record.feeds.get(key);
  if (feed === undefined) record.feeds.set(key, (feed = nativeTensor(spec.dtype, values, spec.shape)));
  return feed;
}
