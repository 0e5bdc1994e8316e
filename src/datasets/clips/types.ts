/** Clips with labels, as readers give them. */

export interface LabelledClip {
  readonly path: string;
  readonly label: string;
}

export interface ClipSet {
  readonly clips: readonly LabelledClip[];
  /** In the order of their numbers; some may have no clip. */
  readonly labels: readonly string[];
  /** What was left out, and why. */
  readonly problems: readonly string[];
}
