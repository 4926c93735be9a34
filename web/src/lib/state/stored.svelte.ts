/** A small value that survives a reload on this device, and does not need to. */

const prefix = 'autoglm.';

/** Reads and writes `localStorage`; where that is refused the value lives until the reload. */
export function stored<T>(name: string, initial: T): { value: T } {
  let current = $state<T>(read(name, initial));
  return {
    get value() {
      return current;
    },
    set value(next: T) {
      current = next;
      write(name, next);
    },
  };
}

/** What is kept under `name`, or `initial`. */
export function read<T>(name: string, initial: T): T {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? initial : (JSON.parse(text) as T);
  } catch {
    return initial;
  }
}

/** Keeps `value`; silently forgets it when storage is full or refused. */
export function write(name: string, value: unknown): void {
  try {
    if (value === null || value === undefined) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}
