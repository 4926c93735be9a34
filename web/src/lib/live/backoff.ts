/** How long to wait before the next try. */

export const firstWait = 500;
export const longestWait = 30_000;

/** Full jitter over a doubling limit; `random` in [0, 1). Never under 200 ms. */
export function wait(attempt: number, random: number): number {
  const limit = Math.min(longestWait, firstWait * 2 ** Math.min(attempt, 16));
  return Math.max(200, Math.round(limit * random));
}
