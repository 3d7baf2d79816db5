/** What the demo prints: the first words, and the counter that stays at the bottom of a terminal. */
import type { Io } from '../io.ts';
import type { Paint } from '../text/paint.ts';
import { hosts, type Stage } from './stage.ts';
import type { Traffic } from './traffic.ts';

/** Where everything is and what to try. */
export function welcome({ ports, services }: Stage, provider: string, paint: Paint): string {
  const { http, https, tcp, api } = ports;
  const rows = [
    ['try', `curl -H 'Host: ${hosts.shop}' http://127.0.0.1:${http}/`, 'by host'],
    ['', `curl -H 'Host: ${hosts.shop}' http://127.0.0.1:${http}/api/items`, 'by path'],
    [
      '',
      `curl --cacert ${services}/secure.pem --resolve ${hosts.secure}:${https}:127.0.0.1 https://${hosts.secure}:${https}/`,
      'https',
    ],
    ['', `echo hello | nc -q 1 127.0.0.1 ${tcp}`, 'tcp'],
    ['state page', `http://127.0.0.1:${api}/`, ''],
    ['change it', `edit ${services}/web.yaml`, 'the plan appears here and is applied'],
  ];
  const title = `${paint.strong('weir demo')}  ${provider}, Node ${process.versions.node}, everything on 127.0.0.1, files in ${services}`;
  return `\n${title}\n${rows.map(([word = '', text = '', note = '']) => `  ${word.padEnd(11)} ${text}${note === '' ? '' : `   ${paint.weak(note)}`}\n`).join('')}\n`;
}

export interface CounterLine {
  /** Draws the counts: in place on a terminal, else one line now and then. */
  draw(traffic: Traffic): void;
  /** Prints something above the counter. */
  above(print: () => void): void;
  end(): void;
}

export function counterLine(io: Io): CounterLine {
  let shown = '';
  let drawnMs = Number.NEGATIVE_INFINITY;
  const erase = () => {
    if (shown !== '') io.out('\r\u001b[2K');
  };
  return {
    draw({ sent, failed, errors }) {
      const reasons = [...errors].map(([reason, count]) => `${count} ${reason}`).join(', ');
      const text = `${sent.toLocaleString('en')} requests, ${failed} failed${reasons === '' ? '' : ` (${reasons})`}`;
      if (io.terminal.out) {
        erase();
        shown = text;
        io.out(text);
      } else if (io.now() - drawnMs >= 5000) {
        drawnMs = io.now();
        io.out(`${text}\n`);
      }
    },
    above(print) {
      erase();
      print();
      io.out(shown);
    },
    end() {
      if (shown !== '') io.out('\n');
      shown = '';
    },
  };
}
