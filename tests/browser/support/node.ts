// Starts the real binary in a folder of its own, and ends it.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A running node. */
export interface RunningNode {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  address: string;
  /** The operator's link, token included. */
  operatorLink: string;
  operatorToken: string;
  /** Asks for JSON as the reader does; fails on anything but success. */
  get<T>(path: string): Promise<T>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it at the same address on the same data. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

const here = fileURLToPath(new URL('.', import.meta.url));
/** How long a debug binary on a busy machine may take to say that it is ready. */
const patience = 60_000;
/** The product promises to end within 30 s of being asked. */
const farewell = 30_000;
/** Lines of the log kept for the report of a failure. */
const keptLines = 60;

/** The binary under test. */
export function binary(): string {
  const candidates = [
    process.env.AUTOGLM_BINARY,
    resolve(here, '../../../target/debug/autoglm'),
    join(process.env.HOME ?? '/root', '.cache/autoglm/target/debug/autoglm'),
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error(`the autoglm binary is missing; build it with: cargo build --bin autoglm (looked at ${candidates.filter(Boolean).join(', ')})`);
  return resolve(found);
}

/** The environment without settings of the product that the caller happens to have. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AUTOGLM')));
}

/** What the demonstration is started with when a test does not say otherwise. */
export const usualDemo = ['--sources', '30', '--rate', '3', '--readers', '4'];

/** What is known of a process that says that it is ready. */
interface Running {
  child: ChildProcess;
  ended: Promise<void>;
  log: string[];
  address: string;
  operatorLink: string;
}

/** Starts the binary and waits until it says where it is. */
async function launch(folder: string, given: string[]): Promise<Running> {
  const child = spawn(binary(), given, { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  const remember = (text: string): void => {
    log.push(...text.split('\n').filter(Boolean));
    log.splice(0, log.length - keptLines);
  };
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const found = new Promise<{ address: string; operatorLink: string }>((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`the node was not ready within ${patience} ms:\n${log.join('\n')}`)), patience);
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => {
      remember(bytes.toString());
      if (text.length > 10_000) return;
      text += bytes.toString();
      const ready = /ready at (http:\/\/\S+)/.exec(text)?.[1];
      const operator = /operator: (\S+)\n/.exec(text)?.[1];
      if (!ready || !operator) return;
      clearTimeout(timer);
      found({ address: ready.replace(/\/$/, ''), operatorLink: operator });
    });
    child.stderr.on('data', (bytes: Buffer) => remember(bytes.toString()));
    child.once('error', failed);
    child.once('close', (code) => {
      clearTimeout(timer);
      failed(new Error(`autoglm ${given.join(' ')} ended with ${code} before it was ready:\n${log.join('\n')}`));
    });
  });
  try {
    return { child, ended, log, ...(await found) };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Asks a process to end, and ends it when it does not. */
async function end({ child, ended, log }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  let forced = false;
  const late = setTimeout(() => {
    forced = true;
    child.kill('SIGKILL');
  }, farewell);
  await ended;
  clearTimeout(late);
  if (forced) throw new Error(`the node did not end within ${farewell} ms of SIGTERM:\n${log.join('\n')}`);
}

/** Starts `autoglm demo` on free ports, in a folder of its own. */
export async function startDemo(demo: string[] = usualDemo, flags: string[] = [], yaml = ''): Promise<RunningNode> {
  const folder = await mkdtemp(join(tmpdir(), 'autoglm-browser-'));
  const config = join(folder, 'config.yaml');
  const given = (bind: string): string[] => ['demo', ...demo, '--bind', bind, '--data', join(folder, 'data'), '--config', config, ...flags];
  let running: Running;
  try {
    await writeFile(config, yaml);
    running = await launch(folder, given('127.0.0.1:0'));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const { address, operatorLink } = running;
  return {
    address,
    operatorLink,
    operatorToken: new URLSearchParams(new URL(operatorLink).hash.slice(1)).get('token') ?? '',
    async get<T>(path: string): Promise<T> {
      const answer = await fetch(address + path);
      if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    },
    async kill() {
      running.child.kill('SIGKILL');
      await running.ended;
    },
    async startAgain() {
      running = await launch(folder, given(new URL(address).host));
    },
    async stop() {
      await end(running).finally(() => rm(folder, { recursive: true, force: true }));
    },
  };
}
