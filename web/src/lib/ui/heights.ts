/** Heights of the rows of a virtual list: a Fenwick tree, so 10,000 rows cost 14 steps. Knows no browser. */

export class Heights {
  readonly #each: Float64Array;
  readonly #tree: Float64Array;

  constructor(heights: ArrayLike<number>) {
    const count = heights.length;
    this.#each = Float64Array.from(heights);
    this.#tree = new Float64Array(count + 1);
    for (let index = 1; index <= count; index += 1) {
      this.#tree[index]! += this.#each[index - 1]!;
      const parent = index + (index & -index);
      if (parent <= count) this.#tree[parent]! += this.#tree[index]!;
    }
  }

  get count(): number {
    return this.#each.length;
  }

  get total(): number {
    return this.offset(this.count);
  }

  height(index: number): number {
    return this.#each[index] ?? 0;
  }

  /** Where row `index` begins. */
  offset(index: number): number {
    let sum = 0;
    for (let at = Math.min(index, this.count); at > 0; at -= at & -at) sum += this.#tree[at]!;
    return sum;
  }

  /** The row that holds `offset`; the nearest one outside. */
  at(offset: number): number {
    let index = 0;
    let rest = offset;
    let step = 2 ** Math.floor(Math.log2(Math.max(1, this.count)));
    for (; step >= 1; step /= 2) {
      const next = index + step;
      if (next <= this.count && this.#tree[next]! <= rest) {
        index = next;
        rest -= this.#tree[next]!;
      }
    }
    return Math.min(index, Math.max(0, this.count - 1));
  }

  /** Changes one height; returns by how much. */
  set(index: number, height: number): number {
    const change = height - this.height(index);
    if (index < 0 || index >= this.count || change === 0) return 0;
    this.#each[index] = height;
    for (let at = index + 1; at <= this.count; at += at & -at) this.#tree[at]! += change;
    return change;
  }
}
