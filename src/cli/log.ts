import { pino } from 'pino';
import type { Config } from '../config/index.ts';
import type { Log } from '../model/index.ts';
import type { Io } from './io.ts';
import { createPaint, printable } from './text/index.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** Logs on stderr: one JSON object a line for machines, short text for people. */
export function createLog({ level, format }: Config['log'], io: Io): Log {
  const people = format === 'text' || (format === 'auto' && io.terminal.err);
  return people ? textLog(level, io) : jsonLog(level, io);
}

/** Keys: time level msg, then the fields of the message (code, balancer, unit, service, step, durationMs, err, …). */
function jsonLog(level: Config['log']['level'], io: Io): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => io.err(line) },
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}

/** `12:03:04 warn  message  key=value`. */
function textLog(least: Config['log']['level'], io: Io): Log {
  const paint = createPaint(io.colour.err);
  const write = (level: (typeof levels)[number], fields: object, message: string) => {
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const time = new Date(io.now()).toISOString().slice(11, 19);
    const colour = level === 'error' ? paint.bad : level === 'warn' ? paint.warn : paint.weak;
    const rest = Object.entries(fields).map(([key, value]) => `  ${key}=${valueText(value)}`);
    const line = `${paint.weak(time)} ${colour(level.padEnd(5))} ${message}${paint.weak(rest.join(''))}`;
    io.err(`${printable(line, io.colour.err).replaceAll('\n', '\\n')}\n`);
  };
  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

function valueText(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
