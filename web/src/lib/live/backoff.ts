/** How long to wait before the next try. */

export const firstWait = 500;
export const longestWait = 30_000;

/** The close code of a node that has its clients connect again: it leaves, or other nodes have fewer of them. */
const connectAgain = 1012;

/** How long a loss may last before it is shown, after a socket was closed with this code; longer when it was meant. */
export function grace(code?: number): number {
  return code === connectAgain ? 3000 : 1500;
}

/** Full jitter over a doubling limit; `random` in [0, 1). Never under 200 ms. */
export function wait(attempt: number, random: number): number {
  const limit = Math.min(longestWait, firstWait * 2 ** Math.min(attempt, 16));
  return Math.max(200, Math.round(limit * random));
}
