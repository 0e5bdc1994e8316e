/** Starts `worker.ts` where the sources run as they are, as in tests. The package has `worker.js` and not this file. */
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
