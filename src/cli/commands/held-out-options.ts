/** `--hold-out-last SHARE`, `--hold-out-every N`: how commands are told what to hold out of training. */
import { UserError } from '../../shared/errors.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import type { HeldOut } from '../../tasks/held-out.js';
import type { NumberOptions } from './training-options.js';

/** `things`: what is held out one by one ("document"). */
export function heldOutOptions(
  things: string,
  hints: { readonly last?: string; readonly every?: string },
): NumberOptions {
  const hint = (text: string | undefined): string => (text === undefined ? '' : ` (${text})`);
  return {
    'hold-out-last': {
      describe: `Hold out this share of the text, at its end${hint(hints.last)}`,
      rule: NUMBER_RULES.share,
    },
    'hold-out-every': {
      describe: `Hold out every so many-th ${things}, from the first on${hint(hints.every)}`,
      rule: NUMBER_RULES.lengthFromTwo,
    },
  };
}

export interface HeldOutArguments {
  readonly holdOutLast: number | undefined;
  readonly holdOutEvery: number | undefined;
}

/** What the options say; undefined when they say nothing. Throws UserError when both are given. */
export function heldOutOf({ holdOutLast: share, holdOutEvery: count }: HeldOutArguments): HeldOut | undefined {
  if (share !== undefined && count !== undefined) {
    throw new UserError('--hold-out-last and --hold-out-every: choose one of them', { exitCode: 2 });
  }
  if (count !== undefined) return { kind: 'every', count };
  if (share === undefined) return undefined;
  return share === 0 ? { kind: 'none' } : { kind: 'last', share };
}
