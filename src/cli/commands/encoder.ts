/** `looksay encoder`: the catalogue of encoders, the import of one (alone in using the network), and the export of one. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { requireNewFile } from '../../tasks/output.js';
import { exportEncoder, type ExportEncoderOptions, importEncoder, listEncoders } from '../../tasks/encoder/index.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { overwriteOption } from './results.js';

interface ImportArguments extends BackendArguments {
  /** yargs has a `--version` of its own, which this command takes over. */
  readonly version: number;
  readonly alpha: number;
  readonly output: string;
  readonly modelUrl: string | undefined;
  readonly offline: boolean;
  readonly overwrite: boolean;
}

type ExportArguments = ExportEncoderOptions & BackendArguments & { readonly overwrite: boolean };

export function encoderCommand(context: CommandContext): CommandModule {
  return {
    command: 'encoder',
    describe: 'List the encoders of the catalogue, import one, or export one',
    builder: (builder) =>
      builder
        .command({
          command: 'list',
          describe: 'The MobileNets of @tensorflow-models/mobilenet',
          handler: () => runList(context),
        })
        .command({
          command: 'import',
          describe: 'Download an encoder and convert it (uses the network)',
          builder: importOptions,
          handler: (argv: ArgumentsCamelCase<ImportArguments>) => runImport(argv, context),
        })
        .command({
          command: 'export',
          describe: 'Save an encoder as an .onnx file, for use outside of Node.js',
          builder: exportOptions,
          handler: (argv: ArgumentsCamelCase<ExportArguments>) => runExport(argv, context),
        })
        .demandCommand(1, 'name what to do: list, import or export'),
    handler: () => undefined,
  };
}

function importOptions<T>(builder: Argv<T>): Argv<ImportArguments> {
  return builder.version(false).options({
    version: { type: 'number', requiresArg: true, demandOption: true, describe: 'MobileNet 1 or 2' },
    alpha: { type: 'number', requiresArg: true, demandOption: true, describe: 'Width multiplier, such as 1.0' },
    output: { type: 'string', requiresArg: true, demandOption: true, describe: 'Folder of the imported encoder' },
    ...overwriteOption,
    'model-url': { type: 'string', requiresArg: true, describe: 'Another address of the model.json' },
    offline: { type: 'boolean', default: false, describe: 'Use downloaded files only' },
    ...backendOptions,
  }) as unknown as Argv<ImportArguments>;
}

function exportOptions<T>(builder: Argv<T>): Argv<ExportArguments> {
  return builder.options({
    checkpoint: {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'An encoder, a checkpoint that holds one, or a TensorFlow.js MobileNet',
    },
    output: { type: 'string', requiresArg: true, demandOption: true, describe: 'The .onnx file' },
    ...overwriteOption,
    ...backendOptions,
  }) as unknown as Argv<ExportArguments>;
}

async function runExport(argv: ArgumentsCamelCase<ExportArguments>, { stdout }: CommandContext): Promise<void> {
  requireNewFile(argv.output, argv);
  await selectBackend(argv);
  await exportEncoder({ checkpoint: argv.checkpoint, output: argv.output });
  note(`${argv.output}: image (RGB, 0 to 255, [batch, size, size, 3]) to grid and pooled features`);
  stdout.write(`${argv.output}\n`);
}

async function runList({ stdout }: CommandContext): Promise<void> {
  for (const { version, alpha, url } of await listEncoders()) {
    stdout.write(`--version ${version} --alpha ${alpha.toFixed(2)}\t${url}\n`);
  }
}

async function runImport(argv: ArgumentsCamelCase<ImportArguments>, context: CommandContext): Promise<void> {
  if (argv.version !== 1 && argv.version !== 2) {
    throw new UserError(`--version: expected 1 or 2, got ${argv.version}`, { exitCode: 2 });
  }
  await selectBackend(argv);
  await importEncoder({
    version: argv.version,
    alpha: argv.alpha,
    output: argv.output,
    offline: argv.offline,
    overwrite: argv.overwrite,
    ...(argv.modelUrl === undefined ? {} : { modelUrl: argv.modelUrl }),
  });
  note(`${argv.output}: imported; train with --encoder ${argv.output}`);
  context.stdout.write(`${argv.output}\n`);
}
