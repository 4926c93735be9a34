/** Server-sent events as they come: bytes cut anywhere in, whole events out. Knows no browser. */

export interface ServerEvent {
  name: string;
  data: string;
}

/** More than one event of ours ever has, so that a broken stream cannot fill memory. */
const longest = 1_000_000;

export class EventReader {
  #rest = '';

  /** The events that are whole now. Comments, and events without data, are none. */
  push(text: string): ServerEvent[] {
    this.#rest += text.replaceAll('\r', '');
    const blocks = this.#rest.split('\n\n');
    this.#rest = (blocks.pop() ?? '').slice(-longest);
    return blocks.map(read).filter((event) => event !== null);
  }
}

function read(block: string): ServerEvent | null {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (line.startsWith('event:')) name = value;
    if (line.startsWith('data:')) data.push(value);
  }
  return data.length > 0 ? { name, data: data.join('\n') } : null;
}
