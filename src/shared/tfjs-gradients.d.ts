/** The bundle of TensorFlow.js's gradients that the build makes: imported for its effect alone. */
declare module '#tfjs-gradients';
