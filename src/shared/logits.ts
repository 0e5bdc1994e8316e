/** A number that more than one folder adds to logits. */

/** Far below any logit: a word whose logit this is added to is never said. Infinities would make NaN where they meet. */
export const NEVER_SAID = -1e30;
