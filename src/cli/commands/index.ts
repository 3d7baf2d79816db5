/** The commands, one file each, in the order of the help. A command parses, asks the app and prints; it decides nothing about services or balancers. */
import type { Command } from 'commander';
import type { CommandContext } from '../deps.ts';
import { addApply } from './apply.ts';
import { addDemo } from './demo.ts';
import { addDestroy } from './destroy.ts';
import { addExplain } from './explain.ts';
import { addPlan } from './plan.ts';
import { addRender } from './render.ts';
import { addRun } from './run.ts';
import { addSchema } from './schema.ts';
import { addStatus } from './status.ts';
import { addValidate } from './validate.ts';

export const commands: readonly ((program: Command, context: CommandContext) => void)[] = [
  addRun,
  addPlan,
  addApply,
  addDestroy,
  addRender,
  addValidate,
  addStatus,
  addExplain,
  addSchema,
  addDemo,
];
