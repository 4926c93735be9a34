// An engine for words on loopback: answers chat completions as it is told, in pieces.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatEngine {
  /** `http://127.0.0.1:PORT`. */
  address: string;
  /** What it answers from now on; `null` is a server without the model. */
  says(text: string | null): void;
  /** While held, nothing follows the first piece of an answer. */
  hold(): void;
  release(): void;
  stop(): Promise<void>;
}

/** Characters of a piece. */
const piece = 6;

export async function startEngine(): Promise<ChatEngine> {
  let words: string | null = '';
  let held: Promise<void> | null = null;
  let release = (): void => {};
  const server: Server = createServer((request, answer) => {
    request.resume();
    request.on('end', async () => {
      if (words === null) {
        answer.writeHead(404).end();
        return;
      }
      answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (let at = 0; at < words.length; at += piece) {
        const delta = { choices: [{ delta: { content: words.slice(at, at + piece) } }] };
        answer.write(`data: ${JSON.stringify(delta)}\n\n`);
        await held;
      }
      answer.end(`data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    says: (text) => void (words = text),
    hold: () => void (held = new Promise((done) => (release = done))),
    release: () => {
      release();
      held = null;
    },
    stop: () => new Promise((closed) => {
      release();
      server.close(() => closed());
      server.closeAllConnections();
    }),
  };
}
