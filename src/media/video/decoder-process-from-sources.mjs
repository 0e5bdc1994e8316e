/** Starts `decoder-process.ts` where the sources run as they are, as in tests. The package has the `.js` and not this. */
import { register } from 'tsx/esm/api';

register();
await import('./decoder-process.ts');
