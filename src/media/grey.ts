/** The weights of red, green and blue in grey (ITU-R BT.601). */
export const GREY_WEIGHTS = [0.299, 0.587, 0.114] as const;
