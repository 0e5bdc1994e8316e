/** What the operator tests must reach, and which of them are left out, with the reason. */

/** Tests that pass at least, and those among them in which no kernel of the `cpu` backend ran. */
export const MINIMUM_PASSED = 4000;
export const MINIMUM_NATIVE = 3000;

/** Tests whose name contains `test`. */
export const EXCLUSIONS = [];
