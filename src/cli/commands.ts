// The commands, in the order of `--help`.

import type { CliCommand } from './CliCommand.js';
import { auditCommand } from './auditCommand.js';
import { classifyCommand } from './classifyCommand.js';
import { evaluateCommand } from './evaluateCommand.js';
import { exportCommand } from './exportCommand.js';
import { inspectCommand } from './inspectCommand.js';
import { serveCommand } from './serveCommand.js';
import { trainCommand } from './trainCommand.js';

export const COMMANDS: readonly CliCommand[] = [
  trainCommand,
  classifyCommand,
  evaluateCommand,
  exportCommand,
  inspectCommand,
  auditCommand,
  serveCommand,
];
