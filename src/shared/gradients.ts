/**
 * Registers the gradients of all TensorFlow.js operators.
 *
 * The main file of `@tensorflow/tfjs-core` leaves them out, and the modules that have them are written without file
 * extensions, which Node cannot load: the build bundles them into the file that `#tfjs-gradients` names. Registry and
 * engine are globals of the process; the package's own main file comes first, so that its engine is the one in use.
 */
import '@tensorflow/tfjs-core';
import '#tfjs-gradients';
