import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { News, Order, SpeakerOptions } from './options.ts';

/** A node that announces, in a thread of its own. */
export interface Speaker {
  order(order: Order): void;
  /** Resolves when the thread has ended. `leave` keeps closed gates and what is accepted for the next start, `withdraw` hands over and takes all of it away. */
  close(how: 'leave' | 'withdraw'): Promise<void>;
}

const againMs = 1000;
const closeMs = 10_000;

/**
 * Starts the thread. What happens there comes as news; a thread that dies by a fault is told as trouble and started again, with the newest
 * addresses. `refused` is final.
 */
export function startSpeaker(options: SpeakerOptions, onNews: (news: News) => void): Speaker {
  let present = options;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let worker = start();

  function start(): Worker {
    let refused = false;
    const started = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: present,
      // Its sockets are the C library's; Node would warn when they are closed.
      trackUnmanagedFds: false,
    });
    started.on('message', (several: readonly News[]) => {
      for (const news of several) {
        refused ||= news.kind === 'refused';
        onNews(news);
      }
    });
    started.on('error', (error) =>
      onNews({ kind: 'trouble', what: 'the thread that announces', error: String(error) }),
    );
    started.on('exit', () => {
      if (closing || refused) return;
      timer = setTimeout(() => {
        worker = start();
      }, againMs);
    });
    return started;
  }

  return {
    order(order) {
      if (order.kind === 'addresses') present = { ...present, ...order.addresses };
      if (order.kind === 'say') present = { ...present, words: { words: order.words, taken: order.taken } };
      if (order.kind === 'peers') present = { ...present, peers: order.peers };
      if (order.kind === 'regroup') present = { ...present, group: order.group };
      worker.postMessage(order);
    },
    async close(how) {
      closing = true;
      clearTimeout(timer);
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      if (worker.threadId === -1) return;
      const order: Order = { kind: 'close', how };
      worker.postMessage(order);
      const late = setTimeout(() => void worker.terminate(), closeMs);
      worker.on('message', (several: readonly News[]) => {
        if (several.some(({ kind }) => kind === 'closed')) void worker.terminate();
      });
      await ended;
      clearTimeout(late);
    },
  };
}
