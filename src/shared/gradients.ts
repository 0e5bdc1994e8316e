/**
 * Registers the gradients of all TensorFlow.js operators.
 *
 * The main file of `@tensorflow/tfjs-core` leaves them out, and the module that has them is written without file
 * extensions, which Node cannot load: the build bundles this file (see `build` in package.json). The registry is a
 * global of the process, so the bundle serves every copy of TensorFlow.js that is loaded.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
